namespace Fairlead.Tests;

/// <summary>The same as <see cref="ToolFactAttribute"/>, for theories.</summary>
internal sealed class ToolTheoryAttribute : TheoryAttribute
{
    public ToolTheoryAttribute(string tool) => Skip = ToolFactAttribute.WhyNot(tool)!;
}
