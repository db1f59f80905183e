using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>foreign KIND PLACE DATA</c>: <c>tests/interop/lock_partner.c</c> by Fairlead: <c>sysv KEY</c> or <c>file PATH</c>, then <c>enter</c>,
/// <c>leave</c>, <c>take</c>, <c>add COUNT</c>. Answers <c>ok</c>.
/// </summary>
internal static class ForeignVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        SystemVSemaphore? semaphore = arguments[0] == "sysv"
            ? SystemVSemaphore.OpenExisting(int.Parse(arguments[1], CultureInfo.InvariantCulture))
            : null;
        FileLock? file = semaphore is null ? FileLock.Open(arguments[1]) : null;
        IDisposable Enter() => semaphore is null ? file!.Enter() : semaphore.Enter();
        IDisposable? inside = null;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line.Split(' '))
            {
                case ["enter"]:
                    inside = Enter();
                    break;
                case ["leave"]:
                    inside!.Dispose();
                    break;
                case ["take"]:
                    semaphore!.Take();
                    break;
                case ["add", var count]:
                    using (var data = File.OpenHandle(arguments[2], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
                    {
                        for (int i = int.Parse(count, CultureInfo.InvariantCulture); i > 0; i--)
                        {
                            using IDisposable held = Enter();
                            AddOne(data);
                        }
                    }

                    break;
                default:
                    return 2;
            }

            Console.WriteLine("ok");
        }

        return 0;
    }

    private static void AddOne(SafeHandle file)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        var data = (Microsoft.Win32.SafeHandles.SafeFileHandle)file;
        _ = RandomAccess.Read(data, bytes, 0);
        MemoryMarshal.Write(bytes, MemoryMarshal.Read<long>(bytes) + 1);
        RandomAccess.Write(data, bytes, 0);
    }
}
