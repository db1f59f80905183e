using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>ledger PLACE REGION INDEX</c>: reads and writes two numbers of a region under a reader-writer lock, without end. They differ
/// only while a writer is inside. Says <c>ready</c> when it has begun, and <c>error</c> when the lock has failed.
/// </summary>
internal static class LedgerVerb
{
    private const int OneAt = 0;
    private const int OtherAt = 64;
    private const int WriterAt = 128;

    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedReaderWriterLock under = LockPlaceText.ReaderWriterLock(arguments[0]);
        using SharedRegion region = SharedRegion.Open(arguments[1]);
        long index = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        Console.WriteLine("ready");
        for (int i = 0; ; i++)
        {
            bool isRight;
            if (i % 4 == 3)
            {
                // Sometimes without a thread: both kinds of waiter stand in one queue.
                using WriteScope scope = i % 8 == 7 ? await under.EnterWriteAsync() : under.EnterWrite();
                isRight = Write(region, scope, index);
            }
            else
            {
                using ReadScope scope = i % 8 == 6 ? await under.EnterReadAsync() : under.EnterRead();
                isRight = scope.OwnerDied || Look(region);
            }

            if (!isRight)
            {
                Console.WriteLine($"error {Volatile.Read(ref region.At<long>(OneAt))} {Volatile.Read(ref region.At<long>(OtherAt))}");
                return 1;
            }
        }
    }

    private static bool Look(SharedRegion region)
    {
        long one = Volatile.Read(ref region.At<long>(OneAt));
        Thread.Yield();
        return one == Volatile.Read(ref region.At<long>(OtherAt)) && one == Volatile.Read(ref region.At<long>(OneAt));
    }

    private static bool Write(SharedRegion region, WriteScope scope, long index)
    {
        if (scope.OwnerDied)
        {
            region.At<long>(OtherAt) = region.At<long>(OneAt);
            scope.MarkConsistent();
        }

        bool isRight = Look(region);
        Volatile.Write(ref region.At<long>(WriterAt), index);
        Volatile.Write(ref region.At<long>(OneAt), region.At<long>(OneAt) + 1);
        Thread.Yield();
        Volatile.Write(ref region.At<long>(OtherAt), region.At<long>(OtherAt) + 1);
        return isRight && Volatile.Read(ref region.At<long>(WriterAt)) == index;
    }
}
