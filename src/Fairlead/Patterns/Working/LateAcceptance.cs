namespace Fairlead;

/// <summary>A worker has accepted an item after the queue had taken it over from that worker.</summary>
/// <param name="Worker">The worker.</param>
/// <param name="After">The time since the item was handed to it.</param>
/// <param name="IsCounted">
/// Whether this acceptance has ended the item. If not, another worker has accepted it before, or its sender was told something else: the
/// item was processed twice.
/// </param>
public sealed record LateAcceptance(Peer Worker, TimeSpan After, bool IsCounted);
