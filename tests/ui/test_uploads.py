"""Uploads in memory: few of a session, bounded in all, and whoever fills the memory empties their own."""

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from cnnviz.ui import uploads


def storage(**sessions):
    """Files as Streamlit keeps them: for each session the sizes of its files, the oldest first."""
    files = MemoryUploadedFileManager("/upload")
    for session, sizes in sessions.items():
        for number, size in enumerate(sizes):
            files.add_file(session, UploadedFileRec(f"{session}{number}", "x.png", "image/png", bytes(size)))
    return files


def test_a_session_keeps_its_newest():
    files = storage(ana=[1, 2, 3, 4, 5], bo=[1])
    assert uploads.surplus(files.file_storage) == [("ana", "ana0"), ("ana", "ana1")]


def test_whoever_holds_the_most_gives_up_the_oldest():
    files = storage(ana=[40], bo=[30, 30, 30], cy=[20])
    assert uploads.surplus(files.file_storage, size=100) == [("bo", "bo0"), ("bo", "bo1")]
    assert uploads.surplus(files.file_storage, size=80) == [("bo", "bo0"), ("bo", "bo1"), ("ana", "ana0")]
    assert uploads.surplus(files.file_storage, size=150) == []


def test_what_is_surplus_is_removed_from_the_running_app(monkeypatch):
    files = storage(ana=[1] * 5)

    class Runtime:
        uploaded_file_mgr = files

    monkeypatch.setattr("streamlit.runtime.exists", lambda: True)
    monkeypatch.setattr("streamlit.runtime.get_instance", Runtime)
    uploads.keep_few_uploads()
    assert [file.file_id for file in files.get_files("ana", [f"ana{number}" for number in range(5)])] == [
        "ana2", "ana3", "ana4",
    ]  # fmt: skip


def test_without_a_running_app_there_is_nothing_to_forget():
    uploads.keep_few_uploads()
