/** A box above the page: the browser keeps the keys within it, closes it by Escape, and gives the focus back. */

import { type ReactNode, useLayoutEffect, useRef } from "react";
import "./dialog.css";

export function Dialog({
  label,
  className = "",
  onClose,
  children,
}: {
  label: string;
  className?: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keys it is closed with Escape, which is the browser's
    <dialog
      ref={box}
      aria-label={label}
      className={`dialog ${className}`}
      onCancel={(event) => {
        event.preventDefault(); // it is who opened it that takes it away
        onClose();
      }}
      onClick={(event) => event.target === box.current && onClose()}
    >
      <div className="dialog-in">{children}</div>
    </dialog>
  );
}
