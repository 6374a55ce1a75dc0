/** What stands between a job and its run: queues, dead letters, workers, lanes, messages. */

import type { ComponentType } from "react";
import { useWords } from "../../appearance";
import { useAddress } from "../../ui/address";
import { Heading } from "../../ui/heading";
import { Tabs } from "../../ui/tabs";
import { DeadLetters } from "./dead-letters";
import { Lanes } from "./lanes";
import { Messages } from "./messages";
import { QueueList } from "./queue-list";
import { QUEUES } from "./words";
import { Workers } from "./workers";
import "./queues.css";

const NAMES = ["queues", "dead-letters", "workers", "lanes", "messages"] as const;
type Name = (typeof NAMES)[number];

const PARTS: Record<Name, ComponentType> = {
  queues: QueueList,
  "dead-letters": DeadLetters,
  workers: Workers,
  lanes: Lanes,
  messages: Messages,
};

export default function QueuesPage() {
  const words = useWords(QUEUES);
  const { told } = useAddress();
  const here = NAMES.find((name) => name === told("tab")) ?? "queues";
  const Part = PARTS[here];
  return (
    <>
      <header className="page-head">
        <Heading>{words.queues}</Heading>
      </header>
      <Tabs
        label={words.parts}
        here={here}
        tabs={NAMES.map((name) => ({
          name,
          word: words[name],
          to: name === "queues" ? "/queues" : `/queues?tab=${name}`,
        }))}
      />
      <Part />
    </>
  );
}
