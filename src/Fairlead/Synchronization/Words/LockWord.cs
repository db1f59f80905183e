using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The word of a lock, as the kernel's robust lists define it, and its transitions. Plain values: nothing here touches memory or waits, and
/// tests can try every state.
/// <code>
///   bit 31      has sleepers (or a waiter about to sleep): the leaver wakes one
///   bit 30      the owner has died: set by the kernel
///   bits 0–29   the number of the owner's owner thread; 0: free
/// </code>
/// </summary>
internal readonly record struct LockWord(uint Value)
{
    public const uint SleeperBit = unchecked((uint)Libc.FUTEX_WAITERS);
    public const uint DiedBit = Libc.FUTEX_OWNER_DIED;
    private const uint Number = Libc.FUTEX_TID_MASK;

    /// <summary>The owner thread of the owner; 0: free.</summary>
    public uint Owner => Value & Number;

    public bool HasSleeper => (Value & SleeperBit) != 0;

    /// <summary>Whether the last owner died with it.</summary>
    public bool HasDied => (Value & DiedBit) != 0;

    /// <summary>Free, and without a sleeper or a dead owner: the one state in which a newcomer takes it immediately.</summary>
    public bool IsIdle => Value == 0;

    /// <summary>The word after the first waiter has announced that it will sleep.</summary>
    public LockWord WithSleeper => new(Value | SleeperBit);

    /// <summary>
    /// The word after its owner has left. While a waiter sleeps on it, it stays closed to newcomers: none of them takes it before the woken
    /// waiter.
    /// </summary>
    public LockWord Left => new(Value & SleeperBit);

    /// <summary>The word after the kernel has processed the end of its owner.</summary>
    public LockWord Abandoned => new((Value & SleeperBit) | DiedBit);
}
