import { Box, type BoxProps } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import classes from "./Shell.module.css";

export function Brand(props: BoxProps) {
  return (
    <Box {...props}>
      <Link to="/" className={classes.brand}>
        <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="#2f5bd7" />
          <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
            <path d="M8 11h7M8 16h16M8 21h11" />
          </g>
          <circle cx="21.5" cy="11" r="2.4" fill="#9fd0ff" />
        </svg>
        Event platform
      </Link>
    </Box>
  );
}
