/**
 * One order that keeps all given ones, or undefined where they contradict each other. Where they leave it open, what
 * was seen first comes first.
 */
export function mergeOrders(orders: readonly (readonly string[])[]): string[] | undefined {
  const before = new Map<string, Set<string>>();
  for (const order of orders)
    order.forEach((id, index) => {
      const known = before.get(id) ?? new Set();
      before.set(id, known);
      if (index > 0) known.add(order[index - 1]!);
    });
  const merged: string[] = [];
  const placed = new Set<string>();
  const open = new Set<string>();
  const place = (id: string): boolean => {
    if (placed.has(id)) return true;
    if (open.has(id)) return false;
    open.add(id);
    for (const earlier of before.get(id)!) if (!place(earlier)) return false;
    open.delete(id);
    placed.add(id);
    merged.push(id);
    return true;
  };
  for (const id of before.keys()) if (!place(id)) return undefined;
  return merged;
}
