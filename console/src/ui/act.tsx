/** A button that changes something on the server. What destroys asks first; what was refused is said beside it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { type ReactNode, useState } from "react";
import type { Scope } from "../api/client";
import { of, type Topic } from "../api/live";
import { useMay } from "../api/session";
import { useWords } from "../appearance";
import "./act.css";
import { Ask } from "./ask";

interface Question {
  /** What would be done, with name and count. */
  title: string;
  effect: string;
}

export function Act({
  word,
  label,
  act,
  topics,
  ask,
  danger = false,
  scope = "operate",
  size = "small",
}: {
  word: ReactNode;
  /** What it is called where the word alone does not tell of what it is. */
  label: string;
  act: () => Promise<unknown>;
  /** Whose queries are read anew. */
  topics: Topic[];
  ask?: Question;
  danger?: boolean;
  scope?: Scope;
  size?: "small" | "middle";
}) {
  const words = useWords();
  const may = useMay(scope);
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const doing = useMutation({
    mutationFn: act,
    onSuccess: () => {
      setAsking(false);
      return Promise.all(topics.map((topic) => queries.invalidateQueries(of(topic))));
    },
  });
  return (
    <span className="act">
      <Button
        size={size}
        aria-label={label}
        danger={danger}
        disabled={!may}
        title={may ? undefined : words.needsScope(scope)}
        loading={doing.isPending}
        onClick={() => (ask ? setAsking(true) : doing.mutate())}
      >
        {word}
      </Button>
      {ask && asking ? (
        <Ask
          title={ask.title}
          word={word}
          danger={danger}
          busy={doing.isPending}
          error={doing.error}
          onDo={() => doing.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>{ask.effect}</p>
        </Ask>
      ) : (
        doing.error && (
          <span className="refused" role="alert">
            {doing.error.message}
          </span>
        )
      )}
    </span>
  );
}
