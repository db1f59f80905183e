namespace Fairlead.Cli.Output;

/// <summary>A cycle of processes that wait for each other, as a line of JSON.</summary>
/// <param name="Waits">The waits: in each one, a process waits for a lock of the next; the last waits for a lock of the first.</param>
internal sealed record DeadlockLine(WaitLine[] Waits);

/// <summary>A process that waits for a lock of another one.</summary>
/// <param name="Waiter">The waiting process.</param>
/// <param name="Within">
/// The <c>fairlead lock</c> or <c>semaphore</c> whose command this process runs in, if that one owns the lock that the previous process
/// waits for.
/// </param>
/// <param name="Lock">The lock.</param>
/// <param name="Holder">Its owner.</param>
internal sealed record WaitLine(PartyLine Waiter, int? Within, string Lock, PartyLine Holder);
