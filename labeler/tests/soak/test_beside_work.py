"""The commands that keep data safe, run while eight people save: none disturbs the other."""

from labeler.tests.soak.rounds import under_savers


def test_verify_sweep_and_backup_beside_people_who_save(installation, make_installation, tmp_path):
    backup = tmp_path / "backup.tar"
    with under_savers(installation, seed=5) as crowd:
        crowd.wait_for_saves(8)
        assert "whole and true" in installation.manage("verify")
        assert "Deleted: 0 files" in installation.manage("sweep", "--delete")
        before = [len(saver.log) for saver in crowd.savers]
        installation.manage("backup", str(backup))
        crowd.wait_for_saves(8)
    with make_installation(tmp_path / "elsewhere") as target:
        assert "whole and true" in target.manage("restore", str(backup))
        for saver, count in zip(crowd.savers, before, strict=True):
            revisions = f"SELECT number, saved_sha256 FROM annotation_revision WHERE annotation_id = {saver.annotation}"
            restored = dict(target.ask(f"{revisions} AND number > 2"))
            acknowledged = {save.revision: save.saved_sha256 for save in saver.log}
            assert restored.items() <= acknowledged.items()
            assert set(restored) >= {save.revision for save in saver.log[:count]}
