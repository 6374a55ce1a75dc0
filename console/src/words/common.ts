/** What is said in more than one place. */

import { dictionary } from ".";

export const COMMON = dictionary({
  run: ["Run", "Eksekusi"],
  job: ["Job", "Pekerjaan"],
  status: ["Status", "Status"],
  created: ["Created", "Dibuat"],
  started: ["Started", "Mulai"],
  finished: ["Finished", "Selesai"],
  took: ["Took", "Lama"],
  waited: ["Waited", "Menunggu"],
  queue: ["Queue", "Antrean"],
  priority: ["Priority", "Prioritas"],
  worker: ["Worker", "Pekerja"],
  attempt: ["Attempt", "Percobaan"],
  retry: ["Retry", "Ulangi"],
  cancel: ["Cancel", "Batalkan"],
  search: ["Search", "Cari"],
  download: ["Download", "Unduh"],
  notNow: ["Not now", "Jangan sekarang"],
  save: ["Save", "Simpan"],
  firstPage: ["First page", "Halaman pertama"],
  nextPage: ["Next page", "Halaman berikutnya"],
  older: ["Older", "Lebih lama"],
  newest: ["Newest", "Terbaru"],
  clear: ["Clear filters", "Hapus saringan"],
  name: ["Name", "Nama"],
  nothingYet: ["Nothing yet", "Belum ada apa-apa"],
  nothingMatches: ["Nothing matches", "Tidak ada yang cocok"],
  nothingMatchesHelp: ["The filters hide everything.", "Saringan menyembunyikan semuanya."],
  tryAgain: ["Try again", "Coba lagi"],
  somethingWrong: ["This could not be shown", "Ini tidak dapat ditampilkan"],
  noAnswer: ["The server does not answer.", "Server tidak menjawab."],
  trace: ["Trace", "Jejak"],
  needsScope: [
    (scope: string) => `Your login may not do this: it needs the scope “${scope}”.`,
    (scope: string) => `Anda tidak berhak melakukan ini: perlu cakupan “${scope}”.`,
  ],
});

/** How a run stands. */
export const STATES = dictionary({
  scheduled: ["scheduled", "dijadwalkan"],
  blocked: ["blocked", "tertahan"],
  ready: ["queued", "mengantre"],
  running: ["running", "berjalan"],
  completed: ["completed", "selesai"],
  failed: ["failed", "gagal"],
  cancelled: ["cancelled", "dibatalkan"],
  skipped: ["skipped", "dilewati"],
});
