using System.Buffers.Text;
using System.Globalization;

namespace Fairlead.Native;

/// <summary>What a process, or one of its threads, does with signals: a bit each, as <c>/proc</c> shows them.</summary>
internal readonly record struct SignalMasks(ulong Pending, ulong Blocked, ulong Ignored, ulong Caught)
{
    /// <summary>Null where there is no such process.</summary>
    public static SignalMasks? Of(int processId) => Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status"));

    /// <summary>Whether all threads of this process have a signal blocked, but for one.</summary>
    /// <param name="signal">By number.</param>
    /// <param name="except">The number of a thread that does not count.</param>
    public static bool AreAllBlocked(int signal, int except)
    {
        ulong bit = NativeSignal.Bit(signal);
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            // One that has ended meanwhile has no say.
            if (Path.GetFileName(task) != except.ToString(CultureInfo.InvariantCulture)
                && Read($"{task}/status") is { } masks
                && (masks.Blocked & bit) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static SignalMasks? Read(string path)
    {
        const int Longest = 8192;
        Span<byte> buffer = stackalloc byte[Longest];
        ReadOnlySpan<byte> status = NativeProcess.ReadWhole(path, buffer);
        return status.IsEmpty
            ? null
            : new(
                Mask(status, "SigPnd:\t"u8) | Mask(status, "ShdPnd:\t"u8),
                Mask(status, "SigBlk:\t"u8),
                Mask(status, "SigIgn:\t"u8),
                Mask(status, "SigCgt:\t"u8));
    }

    private static ulong Mask(ReadOnlySpan<byte> status, ReadOnlySpan<byte> key)
    {
        int start = status.IndexOf(key);
        return start >= 0 && Utf8Parser.TryParse(status[(start + key.Length)..], out ulong mask, out _, 'x') ? mask : 0;
    }
}
