namespace Fairlead.Cli.Output;

/// <summary>Those who wait for each other in a circle, as a line of JSON.</summary>
/// <param name="Waits">Each waits for what the next one holds, the last for what the first one holds.</param>
internal sealed record DeadlockLine(WaitLine[] Waits);

/// <summary>One who waits for what another holds.</summary>
/// <param name="Waiter">Who waits.</param>
/// <param name="Within">
/// The <c>fairlead lock</c> or <c>semaphore</c> in whose command that is, where it is this one that holds what the one before waits for.
/// </param>
/// <param name="Lock">For what.</param>
/// <param name="Holder">Who holds it.</param>
internal sealed record WaitLine(PartyLine Waiter, int? Within, string Lock, PartyLine Holder);
