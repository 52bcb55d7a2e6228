/** A copy of `members` without `member` if it was there, else with it. */
export function toggled<T>(members: ReadonlySet<T>, member: T): ReadonlySet<T> {
  const next = new Set(members);
  if (!next.delete(member)) next.add(member);
  return next;
}
