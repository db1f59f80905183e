namespace Fairlead.Cli;

/// <summary>The exit codes of the tool: one number for each cause, for use in scripts.</summary>
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

    // The error of a service: the first, plus the code where that is in the range; the last for all others.
    public const int FirstOfService = 64;
    public const int LastOfService = 113;

    // 128 plus the number of the signal, as in shells.
    public const int HungUp = 129;
    public const int Interrupted = 130;
    public const int Terminated = 143;

    /// <summary>Returns the exit code for a code of a service's own.</summary>
    public static int OfService(int code) =>
        code is >= 0 and < LastOfService - FirstOfService ? FirstOfService + code : LastOfService;

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
