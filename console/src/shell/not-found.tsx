import { Link } from "wouter";
import { useWords } from "../appearance";
import { Heading } from "../ui/heading";
import { SHELL } from "./words";

export function NotFoundPage() {
  const words = useWords(SHELL);
  return (
    <section className="nothing">
      <Heading>{words.notFound}</Heading>
      <p>{words.notFoundHelp}</p>
      <Link href="/">{words.toOverview}</Link>
    </section>
  );
}
