import { dictionary } from "../../words";

const en = (count: number) => count.toLocaleString("en");
const id = (count: number) => count.toLocaleString("id");
const runs = (count: number) => `${en(count)} ${count === 1 ? "run" : "runs"}`;
const eksekusi = (count: number) => `${id(count)} eksekusi`;

/** What is done to many runs at once. */
export const BULK = dictionary({
  bar: ["Selected runs", "Eksekusi terpilih"],
  picked: [(count: number) => `${runs(count)} selected`, (count: number) => `${eksekusi(count)} dipilih`],
  frozen: [
    (count: number, at: string) => `${runs(count)} selected, as they stood at ${at}`,
    (count: number, at: string) => `${eksekusi(count)} dipilih, per pukul ${at}`,
  ],
  all: ["Select all that match the filters", "Pilih semua yang cocok dengan saringan"],
  every: ["Select all runs there are", "Pilih semua eksekusi yang ada"],
  freezing: ["Counting…", "Menghitung…"],
  letGo: ["Clear selection", "Batalkan pilihan"],
  retry: ["Retry", "Ulangi"],
  cancel: ["Cancel", "Batalkan"],
  discard: ["Discard", "Buang"],
  retryRuns: [(count: number) => `Retry ${runs(count)}`, (count: number) => `Ulangi ${eksekusi(count)}`],
  cancelRuns: [(count: number) => `Cancel ${runs(count)}`, (count: number) => `Batalkan ${eksekusi(count)}`],
  discardRuns: [(count: number) => `Discard ${runs(count)}`, (count: number) => `Buang ${eksekusi(count)}`],
  retryEffect: [
    "Each starts again as a new run, with the inputs and the definition of then.",
    "Masing-masing dimulai lagi sebagai eksekusi baru, dengan input dan definisi saat itu.",
  ],
  cancelEffect: [
    "What waits ends at once; what runs is told to end. This cannot be undone.",
    "Yang menunggu langsung berakhir; yang berjalan diminta berhenti. Ini tidak dapat dibatalkan.",
  ],
  discardEffect: [
    "They stay failed, and nobody is asked about them any more. This cannot be undone.",
    "Semuanya tetap gagal dan tidak perlu ditangani lagi. Ini tidak dapat dibatalkan.",
  ],
  of: [
    (count: number, total: number) => `${en(count)} of ${runs(total)}`,
    (count: number, total: number) => `${id(count)} dari ${eksekusi(total)}`,
  ],
  foreseeing: ["Looking at what it would do to each…", "Memeriksa akibatnya pada masing-masing…"],
  left: [
    (count: number, why: string) => `${runs(count)} will be left alone: ${why}`,
    (count: number, why: string) => `${eksekusi(count)} dibiarkan: ${why}`,
  ],
  wasLeft: [
    (count: number, why: string) => `${runs(count)} left alone: ${why}`,
    (count: number, why: string) => `${eksekusi(count)} dibiarkan: ${why}`,
  ],
  nothing: ["None of them can be acted upon.", "Tidak ada yang dapat diproses."],
  newest: ["The newest of them", "Yang terbaru"],
  later: ["What comes later is not among them.", "Yang datang kemudian tidak termasuk."],
  spread: ["Spread the starts over (minutes)", "Sebar waktu mulai selama (menit)"],
  why: ["Why (kept with each)", "Alasan (disimpan pada tiap eksekusi)"],
  notNow: ["Not now", "Jangan sekarang"],
  close: ["Close", "Tutup"],
  going: [
    (past: number, total: number) => `${en(past)} of ${en(total)}`,
    (past: number, total: number) => `${id(past)} dari ${id(total)}`,
  ],
  retryDone: [(count: number) => `${runs(count)} retried`, (count: number) => `${eksekusi(count)} diulang`],
  cancelDone: [
    (count: number) => `${runs(count)} cancelled, or told to end`,
    (count: number) => `${eksekusi(count)} dibatalkan, atau diminta berhenti`,
  ],
  discardDone: [(count: number) => `${runs(count)} discarded`, (count: number) => `${eksekusi(count)} dibuang`],
  show: ["Show", "Tampilkan"],
});

/** Why a run is left as it is. */
export const LEFT = dictionary({
  gone: ["no longer kept", "sudah tidak disimpan"],
  not_finished: ["not ended yet", "belum berakhir"],
  finished: ["ended already", "sudah berakhir"],
  cancel_requested: ["about to end already", "sedang dibatalkan"],
  no_dead_letter: ["did not fail", "tidak gagal"],
  letter_resolved: ["retried or discarded already", "sudah diulang atau dibuang"],
  queue_draining: ["their queue takes nothing", "antreannya tidak menerima apa pun"],
  duplicate: ["another run has their unique key", "ada eksekusi lain dengan kunci unik yang sama"],
});
