import { dictionary } from "../../words";

export const OVERVIEW = dictionary({
  overview: ["Overview", "Ringkasan"],
  describe: ["Describe a job", "Jelaskan sebuah pekerjaan"],
  describeExample: [
    "Describe a job… such as: back up the database every weekday at six",
    "Jelaskan sebuah pekerjaan… misalnya: cadangkan basis data setiap hari kerja pukul enam",
  ],
  newJob: ["New job", "Pekerjaan baru"],
  range: ["Look back over", "Rentang waktu"],
  success: ["Success", "Keberhasilan"],
  ofRuns: [
    (failed: string, all: string) => `${failed} of ${all} failed`,
    (failed: string, all: string) => `${failed} dari ${all} gagal`,
  ],
  running: ["Running now", "Sedang berjalan"],
  queued: [(count: string) => `${count} queued`, (count: string) => `${count} mengantre`],
  oldest: ["Oldest queued", "Antrean terlama"],
  oldestNote: ["it has waited so long", "menunggu selama ini"],
  nothingWaits: ["nothing waits", "tidak ada yang menunggu"],
  p95: ["Duration p95", "Durasi p95"],
  p95Note: ["95% took no longer", "95% tidak lebih lama"],
  nextFire: ["Next fire", "Jadwal berikutnya"],
  nextFireNote: ["of all schedules", "dari semua jadwal"],
  noSchedule: ["nothing is scheduled", "tidak ada yang dijadwalkan"],
  outcomes: ["Outcomes", "Hasil akhir"],
  chart: [
    (all: string, completed: string, failed: string, range: string) =>
      `How runs ended, ${range}: ${all} in all, ${completed} completed, ${failed} failed. The table has the numbers.`,
    (all: string, completed: string, failed: string, range: string) =>
      `Hasil akhir eksekusi, ${range}: ${all} seluruhnya, ${completed} selesai, ${failed} gagal. Angkanya ada di tabel.`,
  ],
  noneEnded: ["No run has ended in this time.", "Belum ada eksekusi yang berakhir dalam rentang ini."],
  asTable: ["As a table", "Sebagai tabel"],
  asChart: ["As a chart", "Sebagai grafik"],
  time: ["Time", "Waktu"],
  queues: ["Queues", "Antrean"],
  allQueues: ["All queues", "Semua antrean"],
  noQueues: ["No run has been queued so far.", "Belum ada eksekusi yang mengantre."],
  waitAndRun: [
    (ready: string, running: string) => `${ready} queued, ${running} running`,
    (ready: string, running: string) => `${ready} mengantre, ${running} berjalan`,
  ],
  mostWaited: [
    (most: string) => `At most ${most} waited at once`,
    (most: string) => `Paling banyak ${most} menunggu bersamaan`,
  ],
  paused: ["paused", "dijeda"],
  draining: ["draining", "dikosongkan"],
  attention: ["Needs attention", "Perlu perhatian"],
  allIsWell: ["All is well.", "Semuanya baik-baik saja."],
  firstSteps: ["First steps", "Langkah pertama"],
  stepsDone: [
    (done: number, all: number) => `${done} of ${all} done`,
    (done: number, all: number) => `${done} dari ${all} selesai`,
  ],
  putAway: ["Put away", "Sembunyikan"],
  stepDone: ["done", "selesai"],
  stepOpen: ["to be done", "belum"],
});

export const RANGE_NAMES = dictionary({
  "1h": ["1 h", "1 jam"],
  "24h": ["24 h", "24 jam"],
  "7d": ["7 d", "7 hari"],
});

export const IN_RANGE = dictionary({
  "1h": ["in the last hour", "dalam satu jam terakhir"],
  "24h": ["in the last 24 hours", "dalam 24 jam terakhir"],
  "7d": ["in the last 7 days", "dalam 7 hari terakhir"],
});

/** What each step is, what to do for it, and what shows that it is done. */
export const STEPS = dictionary({
  server: ["The server works", "Server bekerja"],
  serverOpen: ["The scheduler or the worker is not there yet.", "Penjadwal atau pekerja belum ada."],
  serverDone: ["Scheduler and worker are online.", "Penjadwal dan pekerja sudah daring."],
  run: ["See a run complete", "Lihat sebuah eksekusi selesai"],
  runOwn: ["Run the job you have.", "Jalankan pekerjaan yang sudah ada."],
  runOpen: [
    "Run a job; the demo, where it is on, runs every ten seconds.",
    "Jalankan sebuah pekerjaan; demo, bila aktif, berjalan setiap sepuluh detik.",
  ],
  runDone: ["Open it: what it said, and how long it took.", "Buka untuk melihat keluaran dan lamanya."],
  job: ["Make a job of your own", "Buat pekerjaan sendiri"],
  jobOpen: [
    "Describe it above, or write a file; the next start takes it up.",
    "Jelaskan di atas, atau tulis sebuah berkas; mulai ulang akan memuatnya.",
  ],
  jobDone: ["It is there.", "Sudah ada."],
  schedule: ["Let it run by itself", "Biarkan berjalan sendiri"],
  scheduleOpen: ["Give it a schedule.", "Beri pekerjaan itu sebuah jadwal."],
  scheduleDone: ["Its next fires stand under Schedules.", "Waktu berikutnya ada di halaman Jadwal."],
});

/** What is the matter: of whom, how many runs, what was said. */
export const MATTERS = dictionary({
  no_scheduler: [
    () => "No scheduler is online: nothing fires",
    () => "Tidak ada penjadwal yang daring: tidak ada yang dijalankan",
  ],
  no_worker: [
    (_: string, count: number) => `No worker is online${count ? `: ${many(count)} queued` : ""}`,
    (_: string, count: number) => `Tidak ada pekerja yang daring${count ? `: ${banyak(count)} mengantre` : ""}`,
  ],
  lost_process: [
    (id: string, _: number, host: string) => `${id} on ${host} was lost`,
    (id: string, _: number, host: string) => `${id} di ${host} hilang`,
  ],
  untaken_queue: [
    (name: string, count: number) => `No worker takes from queue ${name}: ${many(count)} queued`,
    (name: string, count: number) => `Tidak ada pekerja untuk antrean ${name}: ${banyak(count)} mengantre`,
  ],
  overdue_schedule: [(id: string) => `Schedule ${id} is overdue`, (id: string) => `Jadwal ${id} terlambat`],
  failing_job: [
    (id: string, count: number) => (count === 1 ? `Job ${id} failed` : `Job ${id} failed ${count} times in a row`),
    (id: string, count: number) =>
      count === 1 ? `Pekerjaan ${id} gagal` : `Pekerjaan ${id} gagal ${count} kali berturut-turut`,
  ],
  paused_queue: [
    (name: string, count: number) => `Queue ${name} is paused${count ? `: ${many(count)} queued` : ""}`,
    (name: string, count: number) => `Antrean ${name} dijeda${count ? `: ${banyak(count)} mengantre` : ""}`,
  ],
  dead_letters: [
    (_: string, count: number) => `${atLeast(many(count), count)} failed for good, to be retried or discarded`,
    (_: string, count: number) => `${atLeast(banyak(count), count)} gagal tuntas, perlu diulangi atau dibuang`,
  ],
  failure_group: [
    (_: string, count: number) =>
      count === 1 ? "A failure, not looked at" : `A failure, ${count} times, not looked at`,
    (_: string, count: number) =>
      count === 1 ? "Satu kegagalan belum ditinjau" : `Kegagalan yang sama ${count} kali belum ditinjau`,
  ],
});

function many(count: number): string {
  return count === 1 ? "1 run" : `${count.toLocaleString("en")} runs`;
}

function banyak(count: number): string {
  return `${count.toLocaleString("id")} eksekusi`;
}

/** Dead letters are counted up to a thousand. */
function atLeast(text: string, count: number): string {
  return count < 1_000 ? text : `≥ ${text}`;
}
