import { ActionIcon, AppShell, Burger, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { Brand } from "./Brand";
import { ColorSchemeSwitch } from "./ColorSchemeSwitch";
import { PAGES } from "./pages";
import classes from "./Shell.module.css";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { TokenDialog } from "./TokenDialog";
import { useShortcuts } from "./useShortcuts";

/** The frame around every page: navigation, keyboard shortcuts, and the shortcut and token dialogs. */
export function Shell() {
  const [menuOpen, menu] = useDisclosure();
  const [helpOpen, help] = useDisclosure();
  useShortcuts(help.toggle);
  return (
    <>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <AppShell
        header={{ height: { base: 56, sm: 0 } }}
        navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !menuOpen } }}
        transitionDuration={0}
      >
        <AppShell.Header className={classes.header} hiddenFrom="sm">
          <Burger
            opened={menuOpen}
            onClick={menu.toggle}
            size="sm"
            aria-label="Menu"
            aria-expanded={menuOpen}
          />
          <Brand />
        </AppShell.Header>
        <AppShell.Navbar className={classes.navbar} data-collapsed={!menuOpen || undefined}>
          <Navigation onNavigate={menu.close} onHelp={help.open} />
        </AppShell.Navbar>
        <AppShell.Main id="main" className={classes.main} tabIndex={-1}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <ShortcutsDialog opened={helpOpen} onClose={help.close} />
      <TokenDialog />
    </>
  );
}

function Navigation({ onNavigate, onHelp }: { onNavigate: () => void; onHelp: () => void }) {
  return (
    <>
      <Brand visibleFrom="sm" />
      <nav aria-label="Pages">
        <ul className={classes.links}>
          {PAGES.map(({ to, label, Icon }) => (
            <li key={to}>
              <Link
                to={to}
                className={classes.link}
                activeOptions={{ exact: true, includeSearch: false }}
                onClick={onNavigate}
              >
                <Icon size={18} stroke={1.8} aria-hidden />
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={classes.foot}>
        <ColorSchemeSwitch />
        <Tooltip label="Keyboard shortcuts (?)">
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Keyboard shortcuts"
            onClick={onHelp}
          >
            <IconKeyboard size={19} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      </div>
    </>
  );
}
