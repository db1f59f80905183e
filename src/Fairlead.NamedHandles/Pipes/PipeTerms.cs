using System.IO.Pipes;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>What the constructor of a server was given.</summary>
/// <param name="Direction">The direction in which data flows, as the server sees it.</param>
/// <param name="MostInstances">The most instances of the name; -1 for no limit.</param>
/// <param name="Mode">Whether the pipe keeps the limits of messages.</param>
/// <param name="Options">The options of the pipe.</param>
/// <param name="InBufferSize">The size in bytes of the buffer for data to the server; 0 for the system's default.</param>
/// <param name="OutBufferSize">The size in bytes of the buffer for data to the client; 0 for the system's default.</param>
internal sealed record PipeTerms(
    PipeDirection Direction, int MostInstances, PipeTransmissionMode Mode, PipeOptions Options, int InBufferSize, int OutBufferSize)
{
    private const PipeOptions KnownOptions =
        PipeOptions.Asynchronous | PipeOptions.WriteThrough | PipeOptions.CurrentUserOnly | PipeOptions.FirstPipeInstance;

    private const int MostOfWindows = 254;

    /// <summary>Whether a client of another user is refused.</summary>
    public bool CurrentUserOnly => (Options & PipeOptions.CurrentUserOnly) != 0;

    /// <summary>Whether no other instance of the name may exist.</summary>
    public bool FirstOnly => (Options & PipeOptions.FirstPipeInstance) != 0;

    /// <summary>Whether the program asked for asynchronous calls; here every pipe has both.</summary>
    public bool IsAsync => (Options & PipeOptions.Asynchronous) != 0;

    /// <summary>Checks the arguments of a constructor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    public static PipeTerms Checked(
        PipeDirection direction,
        int maxNumberOfServerInstances,
        PipeTransmissionMode transmissionMode,
        PipeOptions options,
        int inBufferSize,
        int outBufferSize)
    {
        CheckDirection(direction);
        if (maxNumberOfServerInstances is not NamedPipeServerStream.MaxAllowedServerInstances and (< 1 or > MostOfWindows))
        {
            throw new ArgumentOutOfRangeException(
                nameof(maxNumberOfServerInstances),
                maxNumberOfServerInstances,
                "The number of instances is between 1 and 254, or MaxAllowedServerInstances.");
        }

        CheckMode(transmissionMode, nameof(transmissionMode));
        CheckOptions(options);
        ArgumentOutOfRangeException.ThrowIfNegative(inBufferSize);
        ArgumentOutOfRangeException.ThrowIfNegative(outBufferSize);
        return new(direction, maxNumberOfServerInstances, transmissionMode, options, inBufferSize, outBufferSize);
    }

    /// <summary>Checks a direction.</summary>
    public static void CheckDirection(PipeDirection direction)
    {
        if (direction is < PipeDirection.In or > PipeDirection.InOut)
        {
            throw new ArgumentOutOfRangeException(nameof(direction), direction, "A direction is In, Out or InOut.");
        }
    }

    /// <summary>Checks the options of a pipe.</summary>
    public static void CheckOptions(PipeOptions options)
    {
        if ((options & ~KnownOptions) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(options), options, "The options contain an unknown one.");
        }
    }

    /// <summary>Checks a transmission mode.</summary>
    public static void CheckMode(PipeTransmissionMode mode, string name)
    {
        if (mode is not (PipeTransmissionMode.Byte or PipeTransmissionMode.Message))
        {
            throw new ArgumentOutOfRangeException(name, mode, "A transmission mode is Byte or Message.");
        }
    }
}
