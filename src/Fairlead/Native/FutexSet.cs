using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// Words of shared memory on which one thread sleeps together (<c>futex_waitv</c>, Linux 5.16), and one of its own by which it is woken.
/// </summary>
internal sealed unsafe class FutexSet
{
    private static readonly Lazy<bool> Available = new(static () => Libc.Futexes(null, 0) >= 0 || Libc.LastError != Errno.ENOSYS);
    private readonly Libc.FutexWord* _words = (Libc.FutexWord*)
        NativeMemory.AllocZeroed(Libc.FUTEX_WAITV_MAX, (nuint)sizeof(Libc.FutexWord));
    private readonly int* _bell = (int*)NativeMemory.AllocZeroed(sizeof(int));
    private readonly Dictionary<nint, int> _places = [];
    private int _rung;
    private int _count;
    private int _isAsleep;

    /// <summary>Whether this kernel can.</summary>
    public static bool IsAvailable => Available.Value && !IsDenied;

    /// <summary>For tests: as if it could not. Before the first is made.</summary>
    internal static bool IsDenied { get; set; }

    /// <summary>Begins anew. What rings from now on ends the next sleep.</summary>
    public void Clear()
    {
        _count = 0;
        _places.Clear();
        _rung = Volatile.Read(ref *_bell);
        Add(_bell, _rung, Libc.FUTEX_PRIVATE);
    }

    /// <summary>Whether no further word finds room.</summary>
    public bool IsFull => _count == (IsAvailable ? Libc.FUTEX_WAITV_MAX : 2);

    /// <summary>
    /// A word, and the value as long as which it is slept on. One that is there already, with the same value, takes no room. False where
    /// there is none.
    /// </summary>
    public bool TryAdd(int* word, int value)
    {
        if (_places.TryGetValue((nint)word, out int place))
        {
            // Another value: one of the two is not true any more, and the kernel does not sleep.
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
    /// Sleeps until one of the words is another, or is woken, or for no reason. Where the kernel knows one word only: on the last, so that
    /// there is room for one besides the own.
    /// </summary>
    public void Sleep()
    {
        if (IsAvailable)
        {
            _ = Libc.Futexes(_words, _count);
            return;
        }

        // With a full fence: who rings sees it, or this thread sees that he has.
        Interlocked.Exchange(ref _isAsleep, 1);
        if (Volatile.Read(ref *_bell) == _rung)
        {
            ref Libc.FutexWord last = ref _words[_count - 1];
            Futex.Wait(ref *(int*)last.Address, (int)last.Value, Timeout.InfiniteTimeSpan);
        }

        Volatile.Write(ref _isAsleep, 0);
    }

    /// <summary>Any thread: ends the sleep, or keeps the next from beginning.</summary>
    public void Ring()
    {
        Interlocked.Increment(ref *_bell);
        if (IsAvailable)
        {
            _ = Libc.Futex(_bell, Libc.FUTEX_WAKE | Libc.FUTEX_PRIVATE_FLAG, 1, null);
            return;
        }

        // The word is others' too, and must not be changed: so it is woken until the thread is awake.
        SpinWait wait = default;
        while (Volatile.Read(ref _isAsleep) != 0)
        {
            Futex.Wake(ref *(int*)_words[_count - 1].Address, int.MaxValue);
            wait.SpinOnce();
        }
    }

    /// <summary>By the thread that sleeps, when it will not again.</summary>
    public void Free()
    {
        NativeMemory.Free(_words);
        NativeMemory.Free(_bell);
    }

    private void Add(int* word, int value, uint flags) =>
        _words[_count++] = new Libc.FutexWord
        {
            Value = (uint)value,
            Address = (ulong)word,
            Flags = Libc.FUTEX_32 | flags,
        };
}
