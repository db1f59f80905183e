using System.Buffers.Text;
using System.Globalization;

namespace Fairlead.Native.Processes;

/// <summary>How a process, or one of its threads, treats signals: one bit for each signal, as in <c>/proc</c>.</summary>
internal readonly record struct SignalMasks(ulong Pending, ulong Blocked, ulong Ignored, ulong Caught)
{
    /// <summary>Returns the masks of a process; null if it does not exist.</summary>
    public static SignalMasks? Of(int processId) => Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status"));

    /// <summary>Returns whether all threads of this process except one have a signal blocked.</summary>
    /// <param name="signal">The number of the signal.</param>
    /// <param name="except">The ID of a thread that does not count.</param>
    public static bool AreAllBlocked(int signal, int except)
    {
        ulong bit = NativeSignal.Bit(signal);
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            // A thread that has ended meanwhile does not count.
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
