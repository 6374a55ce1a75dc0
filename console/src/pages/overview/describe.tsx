/** A job in one's own words: they go to the editor, where the job is made of them. */

import { useState } from "react";
import { useLocation } from "wouter";
import { useWords } from "../../appearance";
import { OVERVIEW } from "./words";

export function Describe() {
  const words = useWords(OVERVIEW);
  const [, go] = useLocation();
  const [sentence, setSentence] = useState("");
  const told = sentence.trim();
  return (
    <form
      className="describe"
      onSubmit={(event) => {
        event.preventDefault();
        go(told ? `/jobs/new?sentence=${encodeURIComponent(told)}` : "/jobs/new");
      }}
    >
      <input
        type="text"
        aria-label={words.describe}
        placeholder={words.describeExample}
        maxLength={500}
        value={sentence}
        onChange={(event) => setSentence(event.target.value)}
      />
      <button type="submit">{words.newJob}</button>
    </form>
  );
}
