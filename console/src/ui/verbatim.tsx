/** Text as it came. Where it is too wide or too long it scrolls, by keys too. */

export function Verbatim({ name, children }: { name: string; children: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would stand around the text and not be what scrolls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre tabIndex={0} role="region" aria-label={name}>
      {children}
    </pre>
  );
}
