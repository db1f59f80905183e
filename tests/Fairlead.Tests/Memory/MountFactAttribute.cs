using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fairlead.Tests.Memory;

/// <summary>A test that mounts a small file system, which needs the capability CAP_SYS_ADMIN.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    private const ulong SystemAdministration = 1UL << 21;

    public MountFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        string effective = File.ReadLines("/proc/self/status")
            .First(static line => line.StartsWith("CapEff:", StringComparison.Ordinal))["CapEff:".Length..]
            .Trim();
        if ((ulong.Parse(effective, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & SystemAdministration) == 0)
        {
            Skip = "Mounting a small file system takes CAP_SYS_ADMIN.";
        }
    }
}
