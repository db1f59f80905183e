using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>readwrite PLACE</c>: opens a reader-writer lock, says <c>ready</c>, then obeys until its input ends: <c>read</c>, <c>write</c>,
/// <c>async</c> (write, without a thread), <c>leave</c>. Answers <c>ok</c>, <c>ok died</c> where a writer died inside.
/// </summary>
internal static class ReadWriteVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedReaderWriterLock under = LockPlaceText.ReaderWriterLock(arguments[0]);
        ReadScope reading = default;
        WriteScope writing = default;
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line)
            {
                case "read":
                    reading = under.EnterRead();
                    break;
                case "write":
                    writing = under.EnterWrite();
                    break;
                case "async":
                    writing = await under.EnterWriteAsync();
                    break;
                default:
                    reading.Dispose();
                    writing.Dispose();
                    break;
            }

            Console.WriteLine(reading.OwnerDied || writing.OwnerDied ? "ok died" : "ok");
        }

        return 0;
    }
}
