using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.TestPeer.Verbs;

/// <summary><c>quiet PLACE COUNT</c>: enters and leaves a mutex so often, between a line <c>begin</c> and a line <c>end</c>, after a warm-up: for whoever counts the system calls between the two.</summary>
internal static class QuietVerb
{
    public static Task<int> RunAsync(string[] arguments)
    {
        using NamedMutex mutex = LockPlaceText.Mutex(arguments[0]);
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        EnterAndLeave(mutex, count);
        Console.WriteLine("begin");
        EnterAndLeave(mutex, count);
        Console.WriteLine("end");
        return Task.FromResult(0);
    }

    private static void EnterAndLeave(NamedMutex mutex, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using MutexScope scope = mutex.Enter();
        }
    }
}
