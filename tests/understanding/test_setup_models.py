from commands.setup_models import main


def test_a_second_set_up_finds_everything_there(models, capsys):
    assert main([str(models)]) == 0
    assert [line.endswith(f"{models} already.") for line in capsys.readouterr().out.splitlines()] == [True, True]


def test_a_place_that_is_no_folder_ends_with_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(tmp_path / "file")]) == 2
    assert "cannot be used as a folder" in capsys.readouterr().err
