// One tab of a browser works on an annotation; others of the same person look on until they take over.

const CLAIM_MS = 1000; // the page that was reloaded needs a moment to let go
const HAND_OVER_MS = 10_000;

export class Tab {
  /**
   * @param {string} name of what only one tab may have
   * @param {() => Promise<boolean>} handOver whether everything is saved and this tab lets go
   */
  constructor(name, handOver) {
    this.name = name;
    this.channel = new BroadcastChannel(name);
    this.handOver = handOver;
    /** Lets go. @type {(() => void) | null} */
    this.release = null;
    /** What the other tab said. @type {(word: string) => void} */
    this.heard = () => {};
    this.channel.addEventListener("message", ({ data }) => this.listen(data));
    window.addEventListener("pagehide", () => this.release?.());
  }

  /** Whether this tab has it now. */
  async claim() {
    return (await this.lock({ ifAvailable: true })) || this.lock({ signal: AbortSignal.timeout(CLAIM_MS) });
  }

  /**
   * Asks the tab that has it. Whoever takes over opens the page anew.
   * @returns {Promise<boolean>}
   */
  async takeOver() {
    const refused = new AbortController();
    this.heard = (word) => word === "not yet" && refused.abort();
    this.channel.postMessage("hand over");
    return this.lock({ signal: AbortSignal.any([refused.signal, AbortSignal.timeout(HAND_OVER_MS)]) });
  }

  /** @param {string} word */
  async listen(word) {
    if (word !== "hand over") return this.heard(word);
    if (!this.release) return;
    if (await this.handOver()) this.release();
    else this.channel.postMessage("not yet");
  }

  /**
   * @param {LockOptions} options
   * @returns {Promise<boolean>}
   */
  lock(options) {
    return new Promise((resolve) => {
      const held = async (/** @type {Lock | null} */ lock) => {
        resolve(lock !== null);
        if (!lock) return;
        await new Promise((release) => {
          this.release = () => {
            this.release = null;
            release(undefined);
          };
        });
      };
      navigator.locks.request(this.name, options, held).catch(() => resolve(false));
    });
  }
}
