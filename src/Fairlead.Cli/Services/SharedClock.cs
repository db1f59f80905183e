using System.Globalization;
using System.Text;
using Fairlead.Memory;

namespace Fairlead.Cli.Services;

/// <summary>
/// A clock in a System V segment of 128 bytes: a client puts <c>?</c> into the first byte and waits until that byte changes. The server
/// writes date, time and a NUL from the last byte to the first. The client waits for the first byte, so it never sees half an answer.
/// </summary>
internal static class SharedClock
{
    public const int Size = 128;

    private const byte Question = (byte)'?';

    private const int TextLength = 19;

    /// <summary>
    /// Neither side can wake the other: both look again and again. At first without a pause, for an answer that is on its way.
    /// </summary>
    private const int LooksWithoutPause = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>Answers until the token is cancelled. Then it removes the segment, if it has made it.</summary>
    public static void Serve(int key, UnixFileMode? mode, TimeZoneInfo zone, bool once, CancellationToken cancellationToken)
    {
        try
        {
            using SharedRegion region = mode is { } chosen
                ? SharedRegion.OpenSystemV(key, Size, chosen)
                : SharedRegion.OpenSystemV(key, Size);
            do
            {
                WaitUntil(region, static first => first == Question, cancellationToken);
                byte[] text = TimeTexts.Date(TimeProvider.System.GetUtcNow(), zone);
                for (int i = text.Length - 1; i >= 0; i--)
                {
                    Volatile.Write(ref region.At<byte>(i), text[i]);
                }
            }
            while (!once);
        }
        finally
        {
            // Not that of another server, which may have made one while this one ran.
            if (SharedRegion.FindSystemV(key)?.CreatorProcessId == Environment.ProcessId)
            {
                SharedRegion.RemoveSystemV(key);
            }
        }
    }

    /// <summary>Asks.</summary>
    /// <exception cref="FairleadException">NotFound: the segment does not exist.</exception>
    public static string Ask(int key, TimeSpan wait, CancellationToken cancellationToken)
    {
        using SharedRegion region = Find(key, wait, cancellationToken);
        if (region.Size < TextLength + 1)
        {
            throw new ToolException(
                ExitCode.Incompatible, $"the segment has {region.Size} bytes, and the segment of a clock has {Size}. Check the key");
        }

        while (true)
        {
            Volatile.Write(ref region.At<byte>(0), Question);
            WaitUntil(region, static first => first != Question, cancellationToken);
            byte[] bytes = region.Span<byte>(0, TextLength + 1).ToArray();

            // Another client may have asked meanwhile: then this is not an answer, or not a whole one.
            int end = Array.IndexOf(bytes, (byte)0);
            string text = Encoding.ASCII.GetString(bytes, 0, end < 0 ? TextLength : end);
            if (DateTime.TryParseExact(
                text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            {
                return text;
            }
        }
    }

    /// <summary>Waits until the segment exists, and attaches it.</summary>
    private static SharedRegion Find(int key, TimeSpan wait, CancellationToken cancellationToken)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (SharedRegion.FindSystemV(key) is null && TimeProvider.System.GetElapsedTime(begin) < wait)
        {
            cancellationToken.WaitHandle.WaitOne(Pause);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return SharedRegion.OpenSystemV(key);
    }

    private static void WaitUntil(SharedRegion region, Func<byte, bool> isSo, CancellationToken cancellationToken)
    {
        for (int i = 0; !isSo(Volatile.Read(ref region.At<byte>(0))); i++)
        {
            if (i < LooksWithoutPause)
            {
                Thread.Yield();
            }
            else
            {
                cancellationToken.WaitHandle.WaitOne(Pause);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
