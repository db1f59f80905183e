namespace Fairlead.Docs.Tests.Prose;

/// <summary>Where a passage stands, which decides the rules that apply to it.</summary>
internal enum PassageKind
{
    /// <summary>A comment that only readers of the code see.</summary>
    Comment,

    /// <summary>The XML documentation of a public member.</summary>
    PublicComment,

    /// <summary>A string literal with several words.</summary>
    Literal,

    /// <summary>A paragraph, list item or table cell of a Markdown page.</summary>
    Page,

    /// <summary>A heading of a Markdown page, which may be a phrase.</summary>
    Heading,
}
