using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

/// <summary>The same as <see cref="ToolFactAttribute"/>, for theories.</summary>
internal sealed class ToolTheoryAttribute : TheoryAttribute
{
    public ToolTheoryAttribute(string tool, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = ToolFactAttribute.WhyNot(tool);
}
