using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fairlead.Native.Waiting;

/// <summary>
/// Several words of shared memory that one thread sleeps on together (<c>futex_waitv</c>, Linux 5.16), and a private doorbell that wakes
/// it.
/// </summary>
internal sealed unsafe class FutexSet
{
    private static readonly Lazy<bool> Available = new(static () => Libc.Futexes(null, 0) >= 0 || Libc.LastError != Errno.ENOSYS);
    private readonly Libc.FutexWord* _words = (Libc.FutexWord*)
        NativeMemory.AllocZeroed(Libc.FUTEX_WAITV_MAX, (nuint)sizeof(Libc.FutexWord));
    private readonly int* _doorbell = (int*)NativeMemory.AllocZeroed(sizeof(int));
    private readonly Dictionary<nint, int> _places = [];
    private int _rung;
    private int _count;
    private int _isAsleep;

    /// <summary>Whether this kernel supports it.</summary>
    public static bool IsAvailable => Available.Value && !IsDenied;

    /// <summary>For tests: pretends that the kernel does not support it. Set it before the first set is created.</summary>
    internal static bool IsDenied { get; set; }

    /// <summary>Empties the set. A doorbell rung from now on ends the next sleep.</summary>
    public void Clear()
    {
        _count = 0;
        _places.Clear();
        _rung = Volatile.Read(ref *_doorbell);
        Add(_doorbell, _rung, Libc.FUTEX_PRIVATE);
    }

    /// <summary>Whether the set holds no further word.</summary>
    public bool IsFull => _count == (IsAvailable ? Libc.FUTEX_WAITV_MAX : 2);

    /// <summary>
    /// Adds a word, and the value to sleep on. A word that is in the set with the same value takes no space. False if the set is full.
    /// </summary>
    public bool TryAdd(int* word, int value)
    {
        if (_places.TryGetValue((nint)word, out int place))
        {
            // A different value: one of the two is outdated, and the kernel will not sleep.
            if (_words[place].Value == (uint)value)
            {
                return true;
            }
        }

        if (IsFull)
        {
            return false;
        }

        _places[(nint)word] = _count;
        Add(word, value, 0);
        return true;
    }

    /// <summary>
    /// Sleeps until one of the words changes or is woken; may return spuriously. If the kernel supports only one word, it sleeps on the
    /// last one, and the set holds one word beside the doorbell.
    /// </summary>
    public void Sleep()
    {
        if (IsAvailable)
        {
            _ = Libc.Futexes(_words, _count);
            return;
        }

        // With a full fence: a thread that rings sees this, or this thread sees that it has rung.
        Interlocked.Exchange(ref _isAsleep, 1);
        if (Volatile.Read(ref *_doorbell) == _rung)
        {
            ref Libc.FutexWord last = ref _words[_count - 1];
            Futex.Wait(ref *(int*)last.Address, (int)last.Value, Timeout.InfiniteTimeSpan);
        }

        Volatile.Write(ref _isAsleep, 0);
    }

    /// <summary>Same for a time at most, if the kernel supports several words.</summary>
    public void Sleep(TimeSpan most)
    {
        // The clock of the time stamps is the kernel's, in nanoseconds.
        long until = Stopwatch.GetTimestamp() + (long)(most.TotalSeconds * Stopwatch.Frequency);
        Libc.TimeSpec spec = new() { Seconds = until / Stopwatch.Frequency, Nanoseconds = until % Stopwatch.Frequency };
        _ = Libc.Futexes(_words, _count, &spec);
    }

    /// <summary>Ends the sleep, or prevents the next one. Any thread may call it.</summary>
    public void Ring()
    {
        Interlocked.Increment(ref *_doorbell);
        if (IsAvailable)
        {
            _ = Libc.Futex(_doorbell, Libc.FUTEX_WAKE | Libc.FUTEX_PRIVATE_FLAG, 1, null);
            return;
        }

        // Other processes use the word, so its value must not change. Therefore this wakes repeatedly, until the thread is awake.
        SpinWait wait = default;
        while (Volatile.Read(ref _isAsleep) != 0)
        {
            Futex.Wake(ref *(int*)_words[_count - 1].Address, int.MaxValue);
            wait.SpinOnce();
        }
    }

    /// <summary>Frees the memory. The sleeping thread calls it when it will not sleep again.</summary>
    public void Free()
    {
        NativeMemory.Free(_words);
        NativeMemory.Free(_doorbell);
    }

    private void Add(int* word, int value, uint flags) =>
        _words[_count++] = new Libc.FutexWord
        {
            Value = (uint)value,
            Address = (ulong)word,
            Flags = Libc.FUTEX_32 | flags,
        };
}
