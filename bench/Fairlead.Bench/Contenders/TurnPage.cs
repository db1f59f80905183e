using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// A page shared by two processes that alternate with a mutex. A turn: enter, stay until the other process is certainly asleep in its
/// enter, note the time, leave, and wait until the other is inside. Without this wait, one process would enter again before the other has
/// woken. The measured time is from before one leaves until the other has entered.
/// </summary>
internal sealed unsafe class TurnPage : IDisposable
{
    public const int MostSamples = 1 << 16;

    /// <summary>Longer than any contender polls before it sleeps.</summary>
    private static readonly long Turn = Stopwatch.Frequency / 5_000;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Page* _page;

    public TurnPage(Session session)
    {
        _file = MemoryMappedFile.CreateFromFile(
            Path.Combine(session.Directory, session.Name + ".page"), FileMode.OpenOrCreate, null, sizeof(Page));
        _view = _file.CreateViewAccessor(0, sizeof(Page));
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _page = (Page*)start;
    }

    /// <summary>Prepares the page, before the other process begins.</summary>
    public void Begin()
    {
        _page->Inside = 0;
        Volatile.Write(ref _page->IsOver, 0);
    }

    /// <summary>Takes turns until one of the two finds that the time is over.</summary>
    /// <param name="mutex">The mutex that both use.</param>
    /// <param name="me">A number that is not 0, and not the other's.</param>
    /// <param name="end">The end of the round, by <see cref="Stopwatch"/>, which is one clock for all processes of the machine.</param>
    /// <param name="samples">Ticks from the other's leaving until this process is inside.</param>
    /// <returns>The number of samples.</returns>
    public int TakeTurns(MutexUser mutex, int me, long end, Span<long> samples)
    {
        int count = 0;
        while (Volatile.Read(ref _page->IsOver) == 0)
        {
            mutex.Enter();
            long entered = Stopwatch.GetTimestamp();
            int before = Interlocked.Exchange(ref _page->Inside, me);
            if (before != me && before != 0 && count < samples.Length)
            {
                samples[count++] = entered - Volatile.Read(ref _page->Left);
            }

            if (entered >= end)
            {
                Volatile.Write(ref _page->IsOver, 1);
            }

            while (Stopwatch.GetTimestamp() < entered + Turn)
            {
            }

            Volatile.Write(ref _page->Left, Stopwatch.GetTimestamp());
            mutex.Leave();
            while (Volatile.Read(ref _page->Inside) == me && Volatile.Read(ref _page->IsOver) == 0)
            {
            }
        }

        return count;
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private struct Page
    {
        public long Left;
        public int Inside;
        public int IsOver;
    }
}
