/** A share for people. Never rounded up to all: one failure among ten thousand shows. */
export function percent(share: number, language: string): string {
  return (Math.floor(share * 1_000) / 1_000).toLocaleString(language, { style: "percent", maximumFractionDigits: 1 });
}
