/** What went wrong, by the `code` of a problem. Its detail is the server's, which names what is concerned. */

import { dictionary } from ".";

export const PROBLEMS = dictionary({
  conflict: ["This does not go as things stand", "Ini tidak bisa dilakukan pada keadaan sekarang"],
  error: ["The server could not do this", "Server tidak dapat melakukan ini"],
  forbidden: ["Your login may not do this", "Login Anda tidak berhak melakukan ini"],
  idempotency_key_reused: ["This was sent before with another content", "Ini pernah dikirim dengan isi yang lain"],
  internal_error: ["Something is wrong inside the server", "Ada yang salah di dalam server"],
  invalid_input: ["This was not accepted", "Ini tidak diterima"],
  lease_lost: ["The worker has lost its lease", "Pekerja telah kehilangan gilirannya"],
  letter_resolved: ["This was retried or discarded before", "Ini sudah diulangi atau dibuang"],
  malformed_input: ["This cannot be read", "Ini tidak dapat dibaca"],
  method_not_allowed: ["This cannot be done here", "Ini tidak dapat dilakukan di sini"],
  moved: ["The installation has moved", "Instalasi ini telah pindah"],
  not_found: ["This is not there", "Ini tidak ada"],
  payload_too_large: ["This is too large", "Ini terlalu besar"],
  queue_draining: ["The queue takes no new runs", "Antrean ini tidak menerima eksekusi baru"],
  schema_too_new: ["The data is of a newer release", "Datanya dari rilis yang lebih baru"],
  stale_version: ["Somebody has changed this meanwhile", "Seseorang telah mengubah ini"],
  storage_full: ["The server has no space left", "Ruang penyimpanan server habis"],
  too_many_requests: ["This was tried too often", "Ini terlalu sering dicoba"],
  unauthorized: ["Nobody is logged in", "Belum ada yang masuk"],
  unavailable: ["The server cannot take this now", "Server belum dapat menerima ini"],
  unsupported_media_type: ["The server does not take this format", "Server tidak menerima format ini"],
});
