using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs;

/// <summary>
/// <c>quiet WHAT PLACE COUNT</c>: repeats the <see cref="Deed"/> with an unused lock, after a warm-up, between a line
/// <c>begin</c> and a line <c>end</c>. The test counts the system calls between the two.
/// </summary>
internal static class QuietVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        Action deed = Deed(arguments[0], arguments[1]);
        int count = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        Repeat(deed, count);
        Console.WriteLine("begin");
        Repeat(deed, count);
        Console.WriteLine("end");
        return Task.FromResult(0);
    }

    private static void Repeat(Action deed, int count)
    {
        for (int i = 0; i < count; i++)
        {
            deed();
        }
    }

    // Its handles stay open until the process ends.
    private static Action Deed(string what, string place)
    {
        switch (what)
        {
            case "mutex":
                NamedMutex mutex = LockPlaceText.Mutex(place);
                return () => mutex.Enter().Dispose();
            case "semaphore":
                NamedSemaphore semaphore = LockPlaceText.Semaphore(place, 2, 2);
                return () => semaphore.Enter().Dispose();
            case "permit":
                NamedSemaphore permits = LockPlaceText.Semaphore(place, 2, 2);
                return () =>
                {
                    permits.Take();
                    permits.Post();
                };
            case "read":
                NamedReaderWriterLock table = LockPlaceText.ReaderWriterLock(place);
                return () => table.EnterRead().Dispose();
            case "event":
                NamedEvent signal = LockPlaceText.Event(place, EventResetMode.ManualReset);
                signal.Set();
                return () => signal.Wait();
            case "countdown":
                NamedCountdown countdown = LockPlaceText.Countdown(place, 2);
                return () =>
                {
                    countdown.Signal();
                    countdown.AddCount();
                };
            default:
                throw new ArgumentException($"no such deed: {what}");
        }
    }
}
