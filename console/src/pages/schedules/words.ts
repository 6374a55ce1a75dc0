import { dictionary } from "../../words";

export const SCHEDULES = dictionary({
  schedules: ["Schedules", "Jadwal"],
  view: ["View", "Tampilan"],
  list: ["List", "Daftar"],
  agenda: ["Agenda", "Agenda"],
  heatmap: ["Heatmap", "Peta panas"],
  schedule: ["Schedule", "Jadwal"],
  when: ["When", "Kapan"],
  next: ["Next", "Berikutnya"],
  last: ["Last run", "Eksekusi terakhir"],
  recent: ["Recent", "Terbaru"],
  policy: ["Overlap · missed", "Tumpang tindih · terlewat"],
  anyStanding: ["Any state", "Semua keadaan"],
  ofJob: [(job: string) => `Of job ${job}`, (job: string) => `Milik pekerjaan ${job}`],
  noSchedule: [
    "No job runs by itself so far. Give one a schedule, and it appears here.",
    "Belum ada pekerjaan yang berjalan sendiri. Beri satu pekerjaan jadwal, dan jadwalnya muncul di sini.",
  ],
  newJob: ["New job", "Pekerjaan baru"],
  pause: ["Pause", "Jeda"],
  resume: ["Resume", "Lanjutkan"],
  trigger: ["Run now", "Jalankan sekarang"],
  backfill: ["Backfill", "Isi susulan"],
  pauseIt: [(id: string) => `Pause ${id}`, (id: string) => `Jeda ${id}`],
  resumeIt: [(id: string) => `Resume ${id}`, (id: string) => `Lanjutkan ${id}`],
  started: ["Submitted:", "Dikirim:"],
  close: ["Close", "Tutup"],
  comingFires: ["Next five fires", "Lima jadwal berikutnya"],
  comingAfter: ["Show those after", "Tampilkan sesudah"],
  now: ["Now", "Sekarang"],
  recentRuns: ["Last runs", "Eksekusi terakhir"],
  noRuns: ["None of the last runs of its job is of this schedule.", "Belum ada eksekusi terbaru dari jadwal ini."],
  byHand: ["by hand", "manual"],
  slot: ["Slot", "Slot"],
  whyNot: ["Why it did not fire", "Mengapa tidak dijalankan"],
  neverSkipped: ["No slot was skipped lately.", "Tidak ada slot yang dilewati akhir-akhir ini."],
  reason: ["Reason", "Alasan"],
  slots: ["Slots", "Slot"],
  count: ["Count", "Jumlah"],
  first: ["First page", "Halaman pertama"],
  more: ["More", "Selanjutnya"],
  source: ["Source", "Sumber"],
  clockChanges: ["Clock changes", "Perubahan jam"],
  tryOut: ["Try an expression", "Coba ekspresi"],
  days: ["Range", "Rentang"],
  oneDay: ["24 hours", "24 jam"],
  oneWeek: ["7 days", "7 hari"],
  nothingComes: ["Nothing fires in this time.", "Tidak ada yang dijalankan dalam rentang ini."],
  leftOut: [
    (shown: string, more: string, last: string) =>
      `The first ${shown} entries are shown, until ${last}; ${more} later ones are left out. Narrow the list to see them.`,
    (shown: string, more: string, last: string) =>
      `Hanya ${shown} entri pertama yang tampil, sampai ${last}; ${more} entri sesudahnya tidak tampil. Persempit daftar untuk melihatnya.`,
  ],
  times: [(count: string) => `${count} times`, (count: string) => `${count} kali`],
  busy: [
    (clock: string, count: number) => `Busy minute ${clock}: ${count} schedules fire together`,
    (clock: string, count: number) => `Menit sibuk ${clock}: ${count} jadwal berjalan bersamaan`,
  ],
  busyShort: ["busy minute", "menit sibuk"],
  shortDay: [
    (hours: number) => `The clocks change: this day has ${hours} hours`,
    (hours: number) => `Jam berubah: hari ini ${hours} jam`,
  ],
  zoneOf: [(zone: string) => `Times in ${zone}`, (zone: string) => `Waktu di ${zone}`],
});

export const STANDINGS = dictionary({
  active: ["active", "aktif"],
  overdue: ["overdue", "terlambat"],
  paused: ["paused", "dijeda"],
  disabled: ["disabled", "dinonaktifkan"],
  job_disabled: ["job disabled", "pekerjaan nonaktif"],
  over: ["over", "berakhir"],
});

/** Why a schedule does not fire, and what helps. */
export const REASONS = dictionary({
  active: ["", ""],
  overdue: [
    "It should have fired, and no scheduler did it: see whether one is running.",
    "Seharusnya sudah dijalankan, tetapi tidak ada penjadwal yang melakukannya: periksa apakah ada yang berjalan.",
  ],
  paused: [
    "Paused by hand. What comes due meanwhile does not fire afterwards: a backfill makes up for it.",
    "Dijeda secara manual. Yang jatuh tempo selama jeda tidak dijalankan kemudian: gunakan isi susulan.",
  ],
  disabled: [
    "Its own definition says “enabled: false”: it fires once that is changed.",
    "Definisinya sendiri menyatakan “enabled: false”: akan berjalan setelah itu diubah.",
  ],
  job_disabled: [
    "Its job is disabled: enable the job to let it fire.",
    "Pekerjaannya nonaktif: aktifkan pekerjaannya.",
  ],
  over: ["It has no times to come.", "Tidak ada waktu berikutnya."],
});

export const OVERLAPS = dictionary({
  allow: ["side by side", "berdampingan"],
  skip: ["skip", "lewati"],
  queue_one: ["queue one", "antre satu"],
  queue_all: ["queue all", "antre semua"],
  cancel_running: ["cancel running", "batalkan yang berjalan"],
  replace: ["replace", "ganti"],
});

export const MISFIRES = dictionary({
  skip: ["skip", "lewati"],
  one: ["fire the latest", "jalankan yang terbaru"],
  all: ["fire all", "jalankan semua"],
});

export const SKIPPED = dictionary({
  misfire: ["missed, and passed over by its policy", "terlewat, dan dilewati sesuai kebijakannya"],
  overlap: ["an earlier run was not finished", "eksekusi sebelumnya belum selesai"],
  unique: ["another run held its unique key", "eksekusi lain memegang kunci uniknya"],
  job_missing: ["its job was gone", "pekerjaannya sudah tidak ada"],
  inputs: ["its job does not take these inputs", "pekerjaannya tidak menerima masukan ini"],
  queue_draining: ["its queue took no runs", "antreannya tidak menerima eksekusi"],
});

export const BACKFILL = dictionary({
  title: [(id: string) => `Backfill ${id}`, (id: string) => `Isi susulan ${id}`],
  what: [
    "Submits a run for each slot of a time gone by that has none.",
    "Mengirim eksekusi untuk setiap slot di masa lalu yang belum punya.",
  ],
  after: [(zone: string) => `From (${zone})`, (zone: string) => `Dari (${zone})`],
  before: [(zone: string) => `To (${zone})`, (zone: string) => `Sampai (${zone})`],
  order: ["Order", "Urutan"],
  oldest: ["Oldest first", "Terlama dahulu"],
  newest: ["Newest first", "Terbaru dahulu"],
  limit: ["At most", "Paling banyak"],
  spread: ["Spread starts over (minutes)", "Sebar mulai selama (menit)"],
  preview: ["Show what would run", "Tampilkan yang akan berjalan"],
  submit: [
    (count: number) => (count === 1 ? "Submit 1 run" : `Submit ${count} runs`),
    (count: number) => `Kirim ${count} eksekusi`,
  ],
  count: [
    (count: number) => (count === 1 ? "1 slot has no run" : `${count} slots have no run`),
    (count: number) => `${count} slot belum punya eksekusi`,
  ],
  existing: [
    (count: number) => `${count} in this time have runs already, and are left alone`,
    (count: number) => `${count} dalam rentang ini sudah punya eksekusi, dan dibiarkan`,
  ],
  left: [(count: number) => `${count} more are beyond the limit`, (count: number) => `${count} lagi melewati batas`],
  first: ["First", "Pertama"],
  lastSlot: ["Last", "Terakhir"],
  nothing: ["No slot of this time is without a run", "Tidak ada slot dalam rentang ini yang belum punya eksekusi"],
  progress: [
    (done: number, all: number) => `${done} of ${all} finished`,
    (done: number, all: number) => `${done} dari ${all} selesai`,
  ],
  failed: [(count: number) => `${count} failed`, (count: number) => `${count} gagal`],
  seeRuns: ["See the runs", "Lihat eksekusi"],
});

export const HEAT = dictionary({
  title: ["The hours of a week", "Jam-jam dalam seminggu"],
  legend: ["Legend", "Keterangan"],
  past: [
    "ended in the last four weeks (darker: more)",
    "selesai dalam empat minggu terakhir (makin gelap: makin banyak)",
  ],
  failed: ["of these, the failed ones", "di antaranya yang gagal"],
  coming: ["will fire in the next seven days", "akan dijalankan dalam tujuh hari ke depan"],
  cell: [
    (place: string, completed: number, failed: number, coming: number) =>
      `${place}: ${completed} completed, ${failed} failed, ${coming} to come`,
    (place: string, completed: number, failed: number, coming: number) =>
      `${place}: ${completed} selesai, ${failed} gagal, ${coming} akan datang`,
  ],
  choose: [
    "Choose an hour to see its runs and what is to come. Arrow keys move, Enter chooses.",
    "Pilih jam untuk melihat eksekusinya dan yang akan datang. Tombol panah berpindah, Enter memilih.",
  ],
  runsOf: ["Runs created in this hour", "Eksekusi yang dibuat pada jam ini"],
  comes: ["To come in this hour", "Akan datang pada jam ini"],
  often: [
    (count: number) => `and ${count} fires of schedules that fire more often`,
    (count: number) => `dan ${count} kali dari jadwal yang lebih sering berjalan`,
  ],
  other: [(count: number) => `${count} cancelled or skipped`, (count: number) => `${count} dibatalkan atau dilewati`],
});

export const TRYING = dictionary({
  title: ["Try an expression", "Coba ekspresi"],
  cron: ["Cron expression", "Ekspresi cron"],
  zone: ["Time zone", "Zona waktu"],
  from: ["From (a date in this zone)", "Mulai (tanggal di zona ini)"],
  show: ["Show", "Tampilkan"],
  help: [
    "Five fields: minute, hour, day of month, month, day of week. Six with seconds first, or a name such as @daily.",
    "Lima bidang: menit, jam, tanggal, bulan, hari. Enam dengan detik di depan, atau nama seperti @daily.",
  ],
});
