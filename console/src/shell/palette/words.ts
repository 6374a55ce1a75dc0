import { dictionary } from "../../words";

export const PALETTE = dictionary({
  palette: ["Go to or do…", "Pergi ke atau lakukan…"],
  help: ["A page, a job, the id of a run, or something to do", "Halaman, pekerjaan, id eksekusi, atau tindakan"],
  newJob: ["New job", "Pekerjaan baru"],
  browser: ["the browser's", "milik peramban"],
  pages: ["Pages", "Halaman"],
  actions: ["Actions", "Tindakan"],
  jobs: ["Jobs", "Pekerjaan"],
  runs: ["Runs", "Eksekusi"],
  nothing: ["Nothing is called so.", "Tidak ada yang bernama demikian."],
  found: [(count: number) => `${count} found`, (count: number) => `${count} ditemukan`],
});
