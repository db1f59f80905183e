namespace Fairlead.Cli;

/// <summary>What the tool's exit codes mean: one number a cause, so that scripts can decide.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int AlreadyExists = 4;
    public const int PermissionDenied = 5;
    public const int PeerGone = 6;
    public const int Full = 7;
    public const int Incompatible = 8;
    public const int Timeout = 124;

    // 128 and the number of the signal, as shells have it.
    public const int HungUp = 129;
    public const int Interrupted = 130;
    public const int Terminated = 143;

    public static int Of(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => NotFound,
        ErrorCode.AlreadyExists => AlreadyExists,
        ErrorCode.PermissionDenied => PermissionDenied,
        ErrorCode.PeerGone or ErrorCode.BarrierBroken => PeerGone,
        ErrorCode.Full => Full,
        ErrorCode.Incompatible => Incompatible,
        ErrorCode.Timeout => Timeout,
        _ => Failure,
    };
}
