"""What each operation that changes something has done, in words: the audit log is read by people."""

from __future__ import annotations

from typing import Final

from treadle.domain.wording import Words


def told(operation: str) -> Words:
    """What was done by an operation; its id, where it is one of a version that had others."""
    return DEEDS.get(operation) or Words(operation, operation)


DEEDS: Final = {
    operation: Words(english, indonesian)
    for operation, english, indonesian in (
        ("backfill_schedule", "ran missed slots of a schedule", "menjalankan slot jadwal yang terlewat"),
        ("cancel_run", "cancelled a run", "membatalkan eksekusi"),
        ("change_user", "changed a user", "mengubah pengguna"),
        ("clear_lane", "cleared the limit of a lane", "menghapus batas jalur"),
        ("close_session", "logged out", "keluar"),
        ("create_domain", "created a domain", "membuat domain"),
        ("create_domain_token", "created a token of a domain", "membuat token domain"),
        ("create_job", "created a job", "membuat pekerjaan"),
        ("create_link", "made a link into the console", "membuat tautan masuk ke konsol"),
        ("create_own_token", "created a token of their own", "membuat token sendiri"),
        ("create_selection", "selected runs", "memilih eksekusi"),
        ("create_token", "created a token", "membuat token"),
        ("create_user", "created a user", "membuat pengguna"),
        ("delete_domain", "deleted a domain", "menghapus domain"),
        ("delete_job", "deleted a job", "menghapus pekerjaan"),
        ("disable_domain", "disabled a domain", "menonaktifkan domain"),
        ("disable_job", "disabled a job", "menonaktifkan pekerjaan"),
        ("disable_worker", "disabled a worker", "menonaktifkan pekerja"),
        ("discard_dead_letter", "discarded a dead letter", "membuang surat mati"),
        ("discard_dead_letters", "discarded dead letters", "membuang beberapa surat mati"),
        ("discard_message", "discarded a message", "membuang pesan"),
        ("drain_queue", "let a queue drain", "mengosongkan antrean"),
        ("drain_worker", "let a worker drain", "mengosongkan pekerja"),
        ("enable_domain", "enabled a domain", "mengaktifkan domain"),
        ("enable_job", "enabled a job", "mengaktifkan pekerjaan"),
        ("enable_worker", "enabled a worker", "mengaktifkan pekerja"),
        ("enqueue_run", "ran a job", "menjalankan pekerjaan"),
        ("open_session", "logged in", "masuk"),
        ("pause_queue", "paused a queue", "menjeda antrean"),
        ("pause_schedule", "paused a schedule", "menjeda jadwal"),
        ("post_disable_job", "disabled a job", "menonaktifkan pekerjaan"),
        ("post_enable_job", "enabled a job", "mengaktifkan pekerjaan"),
        ("publish_event", "published an event", "menerbitkan peristiwa"),
        ("put_messages", "put messages", "mengirim pesan"),
        ("remove_user", "removed a user", "menghapus pengguna"),
        ("reopen_failure_group", "reopened a failure group", "membuka kembali kelompok kegagalan"),
        ("replace_job", "changed a job", "mengubah pekerjaan"),
        ("resolve_failure_group", "resolved a failure group", "menyelesaikan kelompok kegagalan"),
        ("resume_queue", "resumed a queue", "melanjutkan antrean"),
        ("resume_schedule", "resumed a schedule", "melanjutkan jadwal"),
        ("retry_dead_letter", "retried a dead letter", "mengulang surat mati"),
        ("retry_dead_letters", "retried dead letters", "mengulang beberapa surat mati"),
        ("retry_message", "retried a message", "mengulang pesan"),
        ("retry_run", "retried a run", "mengulang eksekusi"),
        ("revoke_token", "revoked a token", "mencabut token"),
        ("roll_back_job", "rolled a job back", "mengembalikan pekerjaan ke versi lama"),
        ("run_adhoc_job", "ran a job that is not kept", "menjalankan pekerjaan sekali tanpa disimpan"),
        ("run_group", "ran a group", "menjalankan kelompok"),
        ("run_job", "ran a job", "menjalankan pekerjaan"),
        ("set_domain", "changed a domain", "mengubah domain"),
        ("set_lane", "set the limit of a lane", "menetapkan batas jalur"),
        ("set_queue", "set the rate of a queue", "menetapkan laju antrean"),
        ("set_worker_state", "changed what a worker takes", "mengubah keadaan pekerja"),
        ("snooze_failure_group", "snoozed a failure group", "menunda kelompok kegagalan"),
        ("start_bulk_action", "acted on many runs", "menindak banyak eksekusi"),
        ("submit_runs", "ran jobs", "menjalankan beberapa pekerjaan"),
        ("trigger_schedule", "ran a schedule now", "menjalankan jadwal sekarang"),
    )
}
"""By the operation's id."""
