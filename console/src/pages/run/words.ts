import { dictionary } from "../../words";

/** What an explanation was made from, by its names. */
export type Details = Record<string, unknown>;

/** The server counts so far. */
const MOST_COUNTED = 1_000;

/** What ends a sentence: how many go first, where any do. */
function ending(runs: unknown, word: string): string {
  if (runs === 0) return ".";
  return `; ${runs}${Number(runs) >= MOST_COUNTED ? "+" : ""} ${word}.`;
}
const first = (runs: unknown) => ending(runs, "go first");
const firstInIndonesian = (runs: unknown) => ending(runs, "didahulukan");

export const RUN = dictionary({
  why: ["Why it does not run", "Mengapa belum berjalan"],
  mayStart: ["May start at", "Dapat dimulai pada"],
  details: ["Details", "Rincian"],
  cause: ["Cause", "Penyebab"],
  schedule: ["Schedule", "Jadwal"],
  lanes: ["Lanes", "Lajur"],
  retryOf: ["Retry of", "Ulangan dari"],
  version: ["Version", "Versi"],
  progress: ["Progress", "Kemajuan"],
  parts: ["Parts of the run", "Bagian eksekusi"],
  logs: ["Logs", "Log"],
  inputResult: ["Input / Result", "Masukan / Hasil"],
  timeline: ["Timeline", "Lini masa"],
  graph: ["Graph", "Grafik"],
  compare: ["Compare", "Bandingkan"],
  input: ["Input", "Masukan"],
  result: ["Result", "Hasil"],
  telemetry: ["State", "Status internal"],
  traceback: ["Traceback", "Jejak galat"],
  steps: ["Steps", "Langkah"],
  step: ["Step", "Langkah"],
  kind: ["Kind", "Jenis"],
  recorded: ["Recorded", "Dicatat"],
  noSteps: ["It has recorded no steps.", "Tidak ada langkah yang dicatat."],
  attempts: ["Attempts", "Percobaan"],
  allAttempts: ["All attempts", "Semua percobaan"],
  attemptOf: [(n: number) => `Attempt ${n}`, (n: number) => `Percobaan ${n}`],
  outcome: ["Outcome", "Hasil akhir"],
  error: ["Error", "Galat"],
  span: ["Phase", "Fase"],
  noAttempt: ["It has not begun so far.", "Belum dimulai."],
  atError: ["The log at its first error", "Log pada galat pertama"],
  atEnd: ["The log at its end", "Akhir log"],
  toLine: [(n: number) => `Line ${n} in the log`, (n: number) => `Baris ${n} di log`],
  changed: ["What changed since the last success", "Yang berubah sejak sukses terakhir"],
  nothingChanged: [
    "Nothing that it was asked to do, and nowhere else: what it met there must have changed.",
    "Tugas dan tempatnya sama: yang berubah pasti keadaan di sana.",
  ],
  neverWell: ["No run of this job completed before it.", "Belum ada eksekusi pekerjaan ini yang selesai sebelumnya."],
  allChanges: ["Compare all", "Bandingkan semua"],
  noDifference: ["Nothing differs.", "Tidak ada perbedaan."],
  field: ["Field", "Kolom"],
  lastSuccess: ["Last success", "Sukses terakhir"],
  otherRun: ["Compare with run", "Bandingkan dengan eksekusi"],
  thisRun: ["This run", "Eksekusi ini"],
  show: ["Show", "Tampilkan"],
  none: ["none", "tidak ada"],
  parents: ["Waits for", "Menunggu"],
  children: ["Waiting for it", "Menunggu eksekusi ini"],
  noRelatives: [
    "It depends on no run, and none depends on it.",
    "Tidak bergantung pada eksekusi lain, dan sebaliknya.",
  ],
  more: [(n: number) => `and ${n} more`, (n: number) => `dan ${n} lagi`],
  copy: ["Copy", "Salin"],
  copied: ["Copied", "Disalin"],
  linkCopied: ["Link copied", "Tautan disalin"],
  redacted: ["A secret was masked here", "Rahasia disamarkan di sini"],
  entries: [(n: number) => `${n} entries`, (n: number) => `${n} entri`],
  next: ["Next", "Berikutnya"],
  previous: ["Previous", "Sebelumnya"],
  editRetry: ["Edit and retry…", "Ubah dan ulangi…"],
  editTitle: ["Retry with edited input", "Ulangi dengan masukan yang diubah"],
  editHelp: [
    "A new run of the same version of the job, with what stands here and nothing else.",
    "Eksekusi baru dengan versi pekerjaan yang sama, dengan isi di bawah ini saja.",
  ],
  notJson: ["This is no JSON object", "Ini bukan objek JSON"],
  cancelTitle: [(job: string) => `Cancel this run of ${job}?`, (job: string) => `Batalkan eksekusi ${job} ini?`],
  cancelRunning: [
    "It runs: its worker is told to end it, and no further attempt begins. What it has done so far stays done.",
    "Sedang berjalan: pekerjanya diminta menghentikannya, dan tidak ada percobaan baru. Yang sudah dilakukan tetap ada.",
  ],
  cancelWaiting: [
    "It ends at once and never begins. Runs that wait for it may be cancelled with it.",
    "Langsung berakhir dan tidak akan dimulai. Eksekusi yang menunggunya bisa ikut dibatalkan.",
  ],
  cancelRun: ["Cancel the run", "Batalkan eksekusi"],
  cancelAsked: ["Its cancel was accepted", "Pembatalan diterima"],
});

export const SPANS = dictionary({
  queued: ["queued", "mengantre"],
  running: ["running", "berjalan"],
  backoff: ["backoff", "jeda ulang"],
  held: ["held", "ditahan"],
});

/** What became of an attempt, where that is no state of a run. */
export const OUTCOMES = dictionary({
  retry_scheduled: ["failed, tried again", "gagal, diulangi"],
  lost: ["worker lost", "pekerja hilang"],
  released: ["given back", "dikembalikan"],
  snoozed: ["snoozed", "ditunda"],
  waiting: ["waits", "menunggu"],
  quarantined: ["quarantined", "dikarantina"],
});

/** Why a run does not run, by the code of the explanation, with the names and numbers of its details. */
export const WHY = dictionary({
  delayed: ["It is for later.", "Untuk nanti."],
  retry_backoff: ["It failed, and is tried again.", "Gagal, dan akan diulangi."],
  snoozed: ["Its handler asked to be called again later.", "Handlernya meminta dipanggil lagi nanti."],
  sleeping: ["Its handler sleeps until its time has come.", "Handlernya tidur sampai waktunya tiba."],
  debounced: ["It waits for further submits, which would go into it.", "Menunggu pengiriman lain yang digabungkan."],
  waits_for_parents: [
    ({ left, parents }: Details) => `It waits for other runs to end: ${left} of ${parents}.`,
    ({ left, parents }: Details) => `Menunggu eksekusi lain berakhir: ${left} dari ${parents}.`,
  ],
  waits_for_approval: [
    ({ approval }: Details) => `It waits for somebody to approve “${approval}”.`,
    ({ approval }: Details) => `Menunggu seseorang menyetujui “${approval}”.`,
  ],
  waits_for_event: [
    ({ event }: Details) => `It waits for the event “${event}”.`,
    ({ event }: Details) => `Menunggu peristiwa “${event}”.`,
  ],
  lane_full: [
    ({ lane, held, limit, ahead }: Details) =>
      `Its lane “${lane}” is full: ${held} of ${limit} slots are held. It starts when a holder ends or the limit is raised${first(ahead)}`,
    ({ lane, held, limit, ahead }: Details) =>
      `Lajurnya “${lane}” penuh: ${held} dari ${limit} slot terpakai. Dimulai bila pemegangnya selesai atau batasnya dinaikkan${firstInIndonesian(ahead)}`,
  ],
  rate_limited: [
    ({ rate, max_runs, window_sec, ahead }: Details) =>
      `Its rate “${rate}” lets ${max_runs} start in ${window_sec} s${first(ahead)}`,
    ({ rate, max_runs, window_sec, ahead }: Details) =>
      `Batas lajunya “${rate}” mengizinkan ${max_runs} dimulai dalam ${window_sec} detik${firstInIndonesian(ahead)}`,
  ],
  queue_paused: [
    ({ queue }: Details) => `Its queue “${queue}” is paused. It goes on once somebody resumes it.`,
    ({ queue }: Details) => `Antreannya “${queue}” dijeda. Berlanjut setelah ada yang melanjutkannya.`,
  ],
  moving: [
    ({ target }: Details) => `Nothing starts here: this installation moves to ${target}, where work goes on.`,
    ({ target }: Details) =>
      `Tidak ada yang dimulai di sini: instalasi ini pindah ke ${target}, dan berlanjut di sana.`,
  ],
  queue_rate: [
    ({ queue, runs, window_sec, ahead }: Details) =>
      `Its queue “${queue}” lets ${runs} start in ${window_sec} s${first(ahead)}`,
    ({ queue, runs, window_sec, ahead }: Details) =>
      `Antreannya “${queue}” mengizinkan ${runs} dimulai dalam ${window_sec} detik${firstInIndonesian(ahead)}`,
  ],
  no_worker: ["No worker is online. Start one.", "Tidak ada pekerja yang aktif. Jalankan satu."],
  no_worker_for_queue: [
    ({ queue, requires }: Details) => `No online worker takes runs of the queue “${queue}” that need “${requires}”.`,
    ({ queue, requires }: Details) =>
      `Tidak ada pekerja aktif yang mengambil eksekusi antrean “${queue}” yang memerlukan “${requires}”.`,
  ],
  no_worker_for_requirement: [
    ({ requires }: Details) => `No online worker can carry it out: it needs “${requires}”.`,
    ({ requires }: Details) => `Tidak ada pekerja aktif yang mampu menjalankannya: perlu “${requires}”.`,
  ],
  no_worker_matches: [
    "No online worker matches its affinity.",
    "Tidak ada pekerja aktif yang cocok dengan afinitasnya.",
  ],
  workers_disabled: [
    "The workers that could take it are disabled. Enable one.",
    "Pekerja yang mampu sedang dinonaktifkan. Aktifkan satu.",
  ],
  workers_draining: [
    "The workers that could take it are draining. Start another one.",
    "Pekerja yang mampu sedang dikosongkan. Jalankan yang lain.",
  ],
  domain_share: [
    "Other domains go first, which run less for their weight.",
    "Domain lain didahulukan karena bobotnya.",
  ],
  slots_busy: [
    ({ slots, ahead }: Details) => `All ${slots} slots that could take it are busy${first(ahead)}`,
    ({ slots, ahead }: Details) => `Semua ${slots} slot yang mampu sedang sibuk${firstInIndonesian(ahead)}`,
  ],
  worker_runs_alone: [
    ({ ahead }: Details) => `The workers run others alone, or are busy${first(ahead)}`,
    ({ ahead }: Details) => `Pekerja menjalankan yang lain sendirian, atau sibuk${firstInIndonesian(ahead)}`,
  ],
  waits_to_run_alone: [
    "Its last worker died while it ran: it waits for one that runs nothing else.",
    "Pekerja terakhirnya mati saat menjalankannya: menunggu pekerja yang tidak menjalankan yang lain.",
  ],
  in_line: [
    ({ ahead }: Details) => `It is in line${first(ahead)}`,
    ({ ahead }: Details) => `Sedang dalam antrean${firstInIndonesian(ahead)}`,
  ],
  next: ["It is next: a free worker is about to take it.", "Giliran berikutnya: pekerja bebas akan mengambilnya."],
  blocked: [
    ({ waits_for }: Details) => `It is held back: ${waits_for}.`,
    ({ waits_for }: Details) => `Ditahan: ${waits_for}.`,
  ],
  alsoPaused: ["Its queue is paused, too.", "Antreannya juga dijeda."],
});

export const LOG = dictionary({
  searchLog: ["Search in the log", "Cari di log"],
  allLevels: ["All levels", "Semua tingkat"],
  level: ["Level", "Tingkat"],
  follow: ["Follow", "Ikuti"],
  wrap: ["Wrap", "Lipat"],
  plainView: ["Plain text", "Teks polos"],
  notStarted: ["It has not started yet.", "Belum dimulai."],
  noLines: [
    "It has said nothing, or its log is kept no more.",
    "Tidak ada keluaran, atau lognya sudah tidak disimpan.",
  ],
  noMatches: ["no match", "tidak ada"],
  found: [(at: number, all: number) => `${at} of ${all}`, (at: number, all: number) => `${at} dari ${all}`],
  lines: [(n: string) => (n === "1" ? "1 line" : `${n} lines`), (n: string) => `${n} baris`],
  line: [(n: number) => `Line ${n}`, (n: number) => `Baris ${n}`],
  debug: ["debug", "debug"],
  info: ["info and above", "info ke atas"],
  warning: ["warning and above", "peringatan ke atas"],
  errors: ["errors", "galat"],
});
