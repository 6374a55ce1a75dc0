/** From page to page of a list, by the cursor that the server told. */

import { Button } from "antd";
import { useWords } from "../appearance";
import { useAddress } from "./address";

export function Pager({ next }: { next: string | null }) {
  const words = useWords();
  const { told, change } = useAddress();
  if (!next && !told("cursor")) return null;
  return (
    <footer className="pager">
      {told("cursor") && <Button onClick={() => change({ cursor: null })}>{words.firstPage}</Button>}
      {next && <Button onClick={() => change({ cursor: next })}>{words.nextPage}</Button>}
    </footer>
  );
}
