// Runs before the first paint: light or dark as the person's system says, or as chosen in this browser.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = localStorage.getItem("theme"); // the admin keeps "auto", "light" or "dark" here
    const own = chosen === "light" || chosen === "dark";
    document.documentElement.dataset.bsTheme = own ? chosen : system.matches ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
})();
