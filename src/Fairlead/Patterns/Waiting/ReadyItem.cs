namespace Fairlead.Patterns.Waiting;

/// <summary>A result of a wait.</summary>
internal readonly record struct ReadyItem(WaitItem Item, Readiness Ready, int Count);
