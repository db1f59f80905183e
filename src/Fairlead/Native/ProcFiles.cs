using System.Globalization;

namespace Fairlead.Native;

/// <summary>The files of <c>/proc</c>, which a container or a chroot may lack.</summary>
internal static class ProcFiles
{
    /// <summary>The remedy for what cannot be done without them.</summary>
    public const string Remedy = "This process sees no /proc, which Fairlead needs here. Mount it: mount -t proc proc /proc";

    /// <summary>For tests: they appear to be missing to the calling thread.</summary>
    [field: ThreadStatic]
    internal static bool IsDenied { get; set; }

    /// <summary>Whether this process sees itself there.</summary>
    public static bool AreMounted => Directory.Exists(OfDescriptors);

    private static string OfDescriptors => IsDenied ? "/proc/none/self/fd" : "/proc/self/fd";

    /// <summary>Returns the path that leads to an open file.</summary>
    public static string Of(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"{OfDescriptors}/{descriptor}");
}
