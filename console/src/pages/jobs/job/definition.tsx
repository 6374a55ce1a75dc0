/** The document of a job as it stands, as YAML. */

import { useQuery } from "@tanstack/react-query";
import { useWords } from "../../../appearance";
import { Found } from "../../../ui/states";
import { Verbatim } from "../../../ui/verbatim";
import { readVersion } from "../editor/saving";
import { JOB } from "../words";

export default function Definition({ id }: { id: string }) {
  const words = useWords(JOB);
  const query = useQuery({ queryKey: ["job", id, "document"], queryFn: () => readVersion(id) });
  return <Found query={query}>{({ text }) => <Verbatim name={words.definition}>{text}</Verbatim>}</Found>;
}
