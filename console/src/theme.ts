/** How AntD's parts look: of the colours that `base.css` names, as high as its rows. */

import { type ThemeConfig, theme } from "antd";

/** Those of `base.css` that AntD reckons with, which it could not with a name. */
export const COLOURS = {
  light: {
    ground: "#ffffff",
    raised: "#f7f8fa",
    line: "#e3e6eb",
    ink: "#1a2230",
    faint: "#596275",
    accent: "#2f54eb",
    failed: "#9b1c31",
  },
  dark: {
    ground: "#0d121c",
    raised: "#141b28",
    line: "#2a3345",
    ink: "#e6eaf2",
    faint: "#a4afc3",
    accent: "#7fa8ff",
    failed: "#f4511e",
  },
} as const;

/** `touched`: by fingers, which want 44 px. */
export function themeOf(dark: boolean, touched: boolean): ThemeConfig {
  const { ground, raised, line, ink, faint, accent, failed } = COLOURS[dark ? "dark" : "light"];
  const onAccent = dark ? ground : "#ffffff";
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: accent,
      colorLink: accent,
      colorLinkHover: accent,
      colorPrimaryHover: accent,
      // The dark theme takes light from it.
      colorError: dark ? "#ff7a5c" : failed,
      colorBgBase: ground,
      colorTextBase: ink,
      colorBgContainer: ground,
      colorBgElevated: dark ? raised : ground,
      colorBorder: line,
      colorBorderSecondary: line,
      colorTextPlaceholder: faint,
      colorTextDescription: faint,
      colorTextLightSolid: onAccent,
      borderRadius: 4,
      fontFamily: "inherit",
      fontSize: 13,
      controlHeight: touched ? 44 : 32,
    },
    components: {
      Button: {
        primaryColor: onAccent,
        dangerColor: onAccent,
        // As it is: the dark algorithm would darken it below what can be read.
        colorError: failed,
        colorErrorHover: failed,
        primaryShadow: "none",
        defaultShadow: "none",
        dangerShadow: "none",
      },
    },
  };
}
