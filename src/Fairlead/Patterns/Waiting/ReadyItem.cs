namespace Fairlead.Patterns.Waiting;

/// <summary>What a wait has found.</summary>
internal readonly record struct ReadyItem(WaitItem Item, Readiness Ready, int Count);
