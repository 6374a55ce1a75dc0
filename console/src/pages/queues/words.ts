import { dictionary } from "../../words";

export const QUEUES = dictionary({
  queues: ["Queues", "Antrean"],
  "dead-letters": ["Dead letters", "Surat mati"],
  workers: ["Workers", "Pekerja"],
  lanes: ["Lanes", "Lajur"],
  messages: ["Messages", "Pesan"],
  parts: ["Parts of the page", "Bagian halaman"],
  actions: ["Actions", "Tindakan"],

  ready: ["Queued", "Mengantre"],
  running: ["Running", "Berjalan"],
  scheduled: ["Scheduled", "Dijadwalkan"],
  blocked: ["Blocked", "Tertahan"],
  oldest: ["Oldest waits", "Tunggu terlama"],
  lastHour: ["Last hour", "Satu jam terakhir"],
  ended: [
    (count: number) => `${count.toLocaleString("en")} ended`,
    (count: number) => `${count.toLocaleString("id")} berakhir`,
  ],
  depths: [
    (most: number) => `Queued runs over the last hour, ${most.toLocaleString("en")} at most`,
    (most: number) => `Eksekusi yang mengantre selama satu jam terakhir, paling banyak ${most.toLocaleString("id")}`,
  ],
  rate: ["Rate limit", "Batas laju"],
  noQueues: [
    "A queue appears here with the first run that is submitted to it.",
    "Antrean muncul di sini bersama eksekusi pertama yang masuk ke dalamnya.",
  ],
  pause: ["Pause", "Jeda"],
  resume: ["Resume", "Lanjutkan"],
  drain: ["Drain", "Kosongkan"],
  pauseAsk: [
    (name: string, count: string) => `Pause queue ${name} with ${count} queued?`,
    (name: string, count: string) => `Jeda antrean ${name} dengan ${count} yang mengantre?`,
  ],
  pauseEffect: [
    "None of its runs start until it is resumed, on any worker. What runs goes on; new runs are taken.",
    "Tidak ada eksekusinya yang mulai sampai dilanjutkan, di pekerja mana pun. Yang berjalan terus; yang baru diterima.",
  ],
  drainAsk: [
    (name: string, count: string) => `Drain queue ${name} with ${count} queued?`,
    (name: string, count: string) => `Kosongkan antrean ${name} dengan ${count} yang mengantre?`,
  ],
  drainEffect: [
    "New runs are refused, also those of schedules, until it is resumed. What it has is worked off.",
    "Eksekusi baru ditolak, juga dari jadwal, sampai dilanjutkan. Yang sudah ada dikerjakan sampai habis.",
  ],
  editRate: ["Set rate limit", "Atur batas laju"],
  unlimited: ["none", "tidak ada"],
  rateOf: [(name: string) => `Rate limit of queue ${name}`, (name: string) => `Batas laju antrean ${name}`],
  limited: ["Limit how often its runs start", "Batasi seberapa sering eksekusinya mulai"],
  runs: ["Runs", "Eksekusi"],
  runsIn: ["runs in", "eksekusi per"],
  windowLength: ["Length of time", "Lama waktu"],
  unit: ["Unit of time", "Satuan waktu"],
  rateHelp: [
    "After a pause all of them may start at once, then one at a time, evenly spread. In force at once, for retries too.",
    "Setelah jeda semuanya boleh mulai sekaligus, lalu satu per satu secara merata. Langsung berlaku, juga untuk ulangan.",
  ],

  died: ["Why it died", "Mengapa gagal"],
  failedAt: ["Failed", "Gagal pada"],
  attempts: ["Attempts", "Percobaan"],
  input: ["Input", "Masukan"],
  noLetters: ["No dead letters", "Tidak ada surat mati"],
  noLettersHelp: [
    "A run that fails its last attempt waits here until somebody retries or discards it.",
    "Eksekusi yang gagal pada percobaan terakhirnya menunggu di sini sampai diulang atau dibuang.",
  ],
  discard: ["Discard", "Buang"],
  discardAsk: [(name: string) => `Discard ${name}?`, (name: string) => `Buang ${name}?`],
  discardEffect: [
    "It is done with, without another try. The run stays in the history.",
    "Dianggap selesai tanpa percobaan lagi. Eksekusinya tetap ada di riwayat.",
  ],
  retryAll: ["Retry all", "Ulangi semua"],
  discardAll: ["Discard all", "Buang semua"],
  retryMatching: ["Retry all that match", "Ulangi semua yang cocok"],
  discardMatching: ["Discard all that match", "Buang semua yang cocok"],

  process: ["Process", "Proses"],
  heartbeat: ["Heartbeat", "Detak"],
  slots: ["Slots used", "Slot terpakai"],
  runsNow: ["Runs now", "Sedang dijalankan"],
  takesFrom: ["Queues", "Antrean"],
  allQueues: ["all", "semua"],
  tags: ["Tags", "Tag"],
  version: ["Version", "Versi"],
  showGone: ["Show those that stopped within a day", "Tampilkan yang berhenti dalam sehari"],
  noWorkers: [
    "No process is in service: start one by treadle up or treadle worker.",
    "Tidak ada proses yang bertugas: jalankan dengan treadle up atau treadle worker.",
  ],
  allStopped: ["All of them have stopped.", "Semuanya sudah berhenti."],
  disable: ["Disable", "Nonaktifkan"],
  enable: ["Enable", "Aktifkan"],
  disableAsk: [
    (name: string, count: number) => `Disable ${name} with ${count} running?`,
    (name: string, count: number) => `Nonaktifkan ${name} dengan ${count} yang berjalan?`,
  ],
  disableEffect: [
    "It takes no more runs until it is enabled. What it runs goes on.",
    "Tidak mengambil eksekusi lagi sampai diaktifkan. Yang sedang dijalankan terus.",
  ],
  drainWorkerAsk: [
    (name: string, count: number) => `Drain ${name} with ${count} running?`,
    (name: string, count: number) => `Kosongkan ${name} dengan ${count} yang berjalan?`,
  ],
  drainWorkerEffect: [
    "It takes no more runs, lets those that it has end, and stops. Nothing leads back: it must be started anew.",
    "Tidak mengambil eksekusi lagi, menyelesaikan yang ada, lalu berhenti. Tidak bisa kembali: harus dijalankan ulang.",
  ],

  lane: ["Lane", "Lajur"],
  limit: ["Limit", "Batas"],
  limitFrom: ["Told by", "Ditentukan oleh"],
  declared: [(limit: number) => `jobs: ${limit}`, (limit: number) => `pekerjaan: ${limit}`],
  declaredNone: ["jobs: none", "pekerjaan: tidak ada"],
  byHand: [(declared: string) => `by hand (${declared})`, (declared: string) => `manual (${declared})`],
  held: ["Held", "Terpakai"],
  waitFor: ["Waiting", "Menunggu"],
  holders: ["Held by", "Dipakai oleh"],
  setLimit: ["Set limit…", "Atur batas…"],
  takeBack: ["Take back", "Tarik kembali"],
  limitOf: [(key: string) => `Limit of ${key}`, (key: string) => `Batas ${key}`],
  limitHelp: [
    "How many of its runs may be active at once, in force now and before what jobs declare. 0 lets none start.",
    "Berapa eksekusi yang boleh aktif sekaligus; langsung berlaku dan mendahului pekerjaan. 0 berarti tidak ada.",
  ],
  noLanes: [
    "A lane appears here once a job limits how many of its runs may be active at once (max_concurrent, flow_group, concurrency_key).",
    "Lajur muncul bila sebuah pekerjaan membatasi eksekusi aktifnya (max_concurrent, flow_group, concurrency_key).",
  ],

  message: ["Message", "Pesan"],
  type: ["Type", "Jenis"],
  key: ["Key", "Kunci"],
  put: ["Put", "Masuk"],
  content: ["Content", "Isi"],
  allStates: ["All states", "Semua status"],
  noMessages: [
    "Messages that are put for jobs appear here, and those that were set aside after their last attempt.",
    "Pesan untuk pekerjaan muncul di sini, juga yang disisihkan setelah percobaan terakhirnya.",
  ],
  discardMessageEffect: [
    "It is removed, and no run will get it.",
    "Pesan dihapus dan tidak akan diterima eksekusi mana pun.",
  ],
});

/** How queues and workers stand, and why. */
export const STANDINGS = dictionary({
  open: ["open", "terbuka"],
  openWhy: ["", ""],
  paused: ["paused", "dijeda"],
  pausedWhy: ["starts none until resumed", "tidak memulai sampai dilanjutkan"],
  draining: ["draining", "dikosongkan"],
  drainingWhy: ["takes no new runs", "tidak menerima yang baru"],
  drained: ["drained", "kosong"],
  drainedWhy: ["has none left, takes no new runs", "sudah habis, tidak menerima yang baru"],
  paced: ["paced", "dilambatkan"],
  pacedWhy: ["waits for its rate limit", "menunggu batas lajunya"],
  untaken: ["not taken", "tidak diambil"],
  untakenWhy: ["no worker online takes from it", "tidak ada pekerja yang mengambilnya"],
  online: ["online", "aktif"],
  disabled: ["disabled", "nonaktif"],
  lost: ["lost", "hilang"],
  stopped: ["stopped", "berhenti"],
});

/** How a message stands. */
export const MESSAGES = dictionary({
  pending: ["waiting", "menunggu"],
  leased: ["with a run", "diproses"],
  processed: ["processed", "selesai"],
  poison: ["set aside", "disisihkan"],
});

/** What a process is there for. */
export const ROLES = dictionary({
  worker: ["worker", "pekerja"],
  scheduler: ["scheduler", "penjadwal"],
  api: ["API", "API"],
});
