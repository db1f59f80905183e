using System.Runtime.CompilerServices;

namespace Fairlead.Cli.Tests.Running;

/// <summary>The same as <see cref="NeedsProgramFactAttribute"/> for a theory.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NeedsProgramTheoryAttribute : TheoryAttribute
{
    public NeedsProgramTheoryAttribute(string program, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = new NeedsProgramFactAttribute(program).Skip;
}
