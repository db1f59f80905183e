using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The word of a lock, as the kernel's robust lists know it, and what each step makes of it. Values only: nothing here touches memory or
/// waits, so that every state can be tried.
/// <code>
///   bit 31      somebody sleeps on the word (or is about to): who leaves wakes him
///   bit 30      the owner has died: the kernel has set it
///   bits 0–29   the number of the owner's keeper; 0: nobody
/// </code>
/// </summary>
internal readonly record struct LockWord(uint Value)
{
    public const uint SleeperBit = unchecked((uint)Libc.FUTEX_WAITERS);
    public const uint DiedBit = Libc.FUTEX_OWNER_DIED;
    private const uint Number = Libc.FUTEX_TID_MASK;

    /// <summary>Whose it is; 0: nobody's.</summary>
    public uint Owner => Value & Number;

    public bool HasSleeper => (Value & SleeperBit) != 0;

    /// <summary>Whether the last owner died with it.</summary>
    public bool HasDied => (Value & DiedBit) != 0;

    /// <summary>Nobody's, and nobody to be considered: the one state in which a newcomer takes it at once.</summary>
    public bool IsIdle => Value == 0;

    /// <summary>What the first of the queue makes of a word with an owner before he sleeps on it.</summary>
    public LockWord WithSleeper => new(Value | SleeperBit);

    /// <summary>
    /// What a leaver makes of his word: while somebody sleeps on it, it stays closed to newcomers, so that nobody takes it before the one
    /// who was woken.
    /// </summary>
    public LockWord Left => new(Value & SleeperBit);

    /// <summary>What the kernel makes of the word of a process that ends.</summary>
    public LockWord Abandoned => new((Value & SleeperBit) | DiedBit);
}
